-- Makes the table of current.sql or debian.sql a shard of a cluster that the servers' configuration calls `belisha`. Run it on
-- every server, after the other file. A batch goes to one server as a whole: then it is there or not, and never by halves.

RENAME TABLE belisha.rows TO belisha.rows_local;

CREATE TABLE belisha.rows AS belisha.rows_local
ENGINE = Distributed(belisha, belisha, rows_local, cityHash64(site, node, segment));
