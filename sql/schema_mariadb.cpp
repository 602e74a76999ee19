// SPDX-License-Identifier: Apache-2.0
//
// The tables of MariaDB: as in schema.cpp. Rows lie in the tree of their primary key. What makes tables is no part of
// a transaction there, so a migration must be able to run again after it was cut short.
#include "sql/schema_servers.h"

namespace redipy::sql {

namespace {

constexpr View mariadb_1 = R"(
CREATE TABLE IF NOT EXISTS rp_state (
  id BIGINT PRIMARY KEY, format BIGINT NOT NULL, epoch BIGINT NOT NULL, batch BIGINT NOT NULL,
  next_id BIGINT NOT NULL) ENGINE=InnoDB;
CREATE TABLE IF NOT EXISTS rp_db (
  num BIGINT PRIMARY KEY, dbid BIGINT NOT NULL, nkeys BIGINT NOT NULL, nexpires BIGINT NOT NULL) ENGINE=InnoDB;
CREATE TABLE IF NOT EXISTS rp_key (
  id BIGINT NOT NULL, dbid BIGINT NOT NULL, name VARBINARY(2600) NOT NULL, type BIGINT NOT NULL, exp BIGINT,
  kid BIGINT NOT NULL, n BIGINT NOT NULL, lo BIGINT NOT NULL, hi BIGINT NOT NULL, enc BIGINT NOT NULL,
  bytes BIGINT NOT NULL, used BIGINT NOT NULL, val LONGBLOB,
  PRIMARY KEY (dbid, name), UNIQUE KEY rp_key_id (id), KEY rp_key_exp (exp)) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
CREATE TABLE IF NOT EXISTS rp_hash (
  kid BIGINT NOT NULL, field VARBINARY(2600) NOT NULL, val LONGBLOB NOT NULL, ord BIGINT NOT NULL,
  PRIMARY KEY (kid, field)) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
CREATE TABLE IF NOT EXISTS rp_set (
  kid BIGINT NOT NULL, member VARBINARY(2600) NOT NULL, ord BIGINT NOT NULL, PRIMARY KEY (kid, member))
  ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
CREATE TABLE IF NOT EXISTS rp_list (
  kid BIGINT NOT NULL, pos BIGINT NOT NULL, val LONGBLOB NOT NULL, PRIMARY KEY (kid, pos))
  ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
CREATE TABLE IF NOT EXISTS rp_zset (
  kid BIGINT NOT NULL, member VARBINARY(2600) NOT NULL, ord BIGINT NOT NULL,
  PRIMARY KEY (kid, member), KEY rp_zset_ord (kid, ord, member)) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
CREATE TABLE IF NOT EXISTS rp_trash (kid BIGINT PRIMARY KEY, type BIGINT NOT NULL) ENGINE=InnoDB;

CREATE OR REPLACE VIEW v_key AS
  SELECT d.num AS db, CONVERT(k.name USING utf8mb4) AS name,
         CASE k.type WHEN 1 THEN 'string' WHEN 2 THEN 'list' WHEN 3 THEN 'set' WHEN 4 THEN 'zset' WHEN 5 THEN 'hash'
         END AS type,
         k.n AS size, FROM_UNIXTIME(LEAST(k.exp / 1000, 2147483647)) AS expires_at, k.kid, k.type AS type_number, k.val
  FROM rp_key k JOIN rp_db d ON d.dbid = k.dbid
  WHERE k.exp IS NULL OR k.exp > UNIX_TIMESTAMP() * 1000;
CREATE OR REPLACE VIEW v_string AS
  SELECT db, name, CONVERT(val USING utf8mb4) AS value, expires_at FROM v_key WHERE type_number = 1;
CREATE OR REPLACE VIEW v_list AS
  SELECT k.db, k.name, ROW_NUMBER() OVER (PARTITION BY e.kid ORDER BY e.pos) - 1 AS position,
         CONVERT(e.val USING utf8mb4) AS value
  FROM v_key k JOIN rp_list e ON e.kid = k.kid WHERE k.type_number = 2;
CREATE OR REPLACE VIEW v_set AS
  SELECT k.db, k.name, CONVERT(e.member USING utf8mb4) AS member
  FROM v_key k JOIN rp_set e ON e.kid = k.kid WHERE k.type_number = 3;
CREATE OR REPLACE VIEW v_hash AS
  SELECT k.db, k.name, CONVERT(e.field USING utf8mb4) AS field, CONVERT(e.val USING utf8mb4) AS value
  FROM v_key k JOIN rp_hash e ON e.kid = k.kid WHERE k.type_number = 5;
CREATE OR REPLACE VIEW v_zset AS
  SELECT k.db, k.name, CONVERT(e.member USING utf8mb4) AS member,
         (CASE WHEN e.ord < 0 THEN -1e0 ELSE 1e0 END) *
         CASE (CASE WHEN e.ord < 0 THEN -1 - e.ord ELSE e.ord END) >> 52
           WHEN 2047 THEN 1.7976931348623157e308
           WHEN 0 THEN ((CASE WHEN e.ord < 0 THEN -1 - e.ord ELSE e.ord END) & 4503599627370495) * POW(2e0, -1074)
           ELSE (((CASE WHEN e.ord < 0 THEN -1 - e.ord ELSE e.ord END) & 4503599627370495) + 4503599627370496) *
                POW(2e0, CAST((CASE WHEN e.ord < 0 THEN -1 - e.ord ELSE e.ord END) >> 52 AS SIGNED) - 1075)
         END AS score
  FROM v_key k JOIN rp_zset e ON e.kid = k.kid WHERE k.type_number = 4;

INSERT IGNORE INTO rp_state (id, format, epoch, batch, next_id) VALUES (1, 0, 0, 0, 1)
)";

constexpr View all[] = {mariadb_1};

}  // namespace

std::span<const View> mariadb_migrations() { return all; }

}  // namespace redipy::sql
