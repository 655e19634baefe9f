export async function logAudit(event: {action: string; userId: string; resource: string}) {
  await clickhouse.insert({table: "audit_log", values: [{...event, timestamp: new Date()}]});
}
