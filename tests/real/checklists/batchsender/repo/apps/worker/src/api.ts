import {logAudit} from "./audit";

app.post("/api/batches", (c) => logAudit({action: "batch.create", ...who(c)}));
app.delete("/api/batches/:id", (c) => logAudit({action: "batch.delete", ...who(c)}));
app.post("/api/keys", (c) => logAudit({action: "key.create", ...who(c)}));
app.delete("/api/keys/:id", (c) => logAudit({action: "key.delete", ...who(c)}));
app.get("/api/export", (c) => logAudit({action: "export", ...who(c)}));
if (process.env.FEATURE_SCHEDULING === "on") app.route("/api/schedules", schedules);
