-- Up
CREATE TABLE batches (id uuid PRIMARY KEY);
-- Down
DROP TABLE batches;
