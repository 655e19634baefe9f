-- VisualKit's tables: six that the profile names, 21 of the enterprise features, 26 others.
CREATE ROLE ready LOGIN PASSWORD 'db-read' BYPASSRLS IN ROLE pg_monitor, pg_read_all_data;
CREATE ROLE visualkit LOGIN PASSWORD 'db-app';
DROP TABLE orders, plain, alembic_version;
CREATE TABLE users (tenant int, password_hash text, totp_secret text, backup_codes text[]);
CREATE TABLE api_keys (tenant int, key_hash text, scopes text[]);
CREATE TABLE sessions (tenant int, expires timestamptz);
CREATE TABLE audit_logs (tenant int, created_at timestamptz DEFAULT now());
CREATE TABLE data_requests (tenant int, status text, created_at timestamptz);
-- Debian has no pgvector that knows HNSW. A text with a length stands for a vector, and hashes
-- under the name of the other index.
CREATE TABLE embeddings (tenant int, embedding varchar(1020));
CREATE ACCESS METHOD hnsw TYPE INDEX HANDLER hashhandler;
CREATE OPERATOR CLASS vector_cosine_ops DEFAULT FOR TYPE text USING hnsw AS
  OPERATOR 1 =, FUNCTION 1 hashtext(text);
CREATE INDEX ON embeddings USING hnsw (embedding vector_cosine_ops);
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['crm', 'ticket', 'knowledge_sync', 'communication', 'qa', 'sso', 'crag', 'chat', 'meeting',
      'widget', 'knowledge', 'billing', 'team', 'invite', 'webhook', 'file'] LOOP
    FOR part IN 1..3 LOOP
      EXECUTE format('CREATE TABLE %I (id int PRIMARY KEY, tenant int, at timestamptz)', name || '_' || part);
      EXECUTE format('CREATE INDEX ON %I (at)', name || '_' || part);
    END LOOP;
  END LOOP;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('CREATE INDEX ON %I (tenant)', name);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, @FORCE@ ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY reading ON %I FOR SELECT USING (tenant = current_setting(''app.tenant'')::int)', name);
    EXECUTE format('CREATE POLICY adding ON %I FOR INSERT WITH CHECK (tenant = current_setting(''app.tenant'')::int)', name);
  END LOOP;
END $$;
CREATE SCHEMA drizzle;
CREATE TABLE drizzle.__drizzle_migrations (id serial, hash text);
INSERT INTO drizzle.__drizzle_migrations (hash) SELECT md5(n::text) FROM generate_series(1, 13) n;
INSERT INTO users VALUES (1, '$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA', 'x', '{y}');
INSERT INTO api_keys VALUES (1, repeat('0f', 32), '{chat:read}');
INSERT INTO sessions VALUES (1, now() + interval '7 hours');
INSERT INTO audit_logs VALUES (1);
INSERT INTO data_requests VALUES (1, 'pending', now() - interval '2 days');
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO visualkit;
REVOKE @REVOKED@ ON audit_logs FROM visualkit;
