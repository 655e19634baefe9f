export const connection = await connect({servers: "tls://nats:4222", tls: {caFile: "/etc/nats-tls/ca.crt"}});
