// SPDX-License-Identifier: Apache-2.0
//
// The tables of PostgreSQL: as in schema.cpp. Values are stored apart and uncompressed where they are long, so that a
// part of one can be read; rows have room to be updated where they lie; indexes are kept fit for index-only scans.
#include "sql/schema_servers.h"

namespace redipy::sql {

namespace {

constexpr View postgresql_1 = R"(
CREATE TABLE rp_state (
  id bigint PRIMARY KEY CHECK (id = 1),
  format bigint NOT NULL, epoch bigint NOT NULL, batch bigint NOT NULL, next_id bigint NOT NULL) WITH (fillfactor = 50);
CREATE TABLE rp_db (
  num bigint PRIMARY KEY, dbid bigint NOT NULL, nkeys bigint NOT NULL, nexpires bigint NOT NULL) WITH (fillfactor = 50);
CREATE TABLE rp_key (
  id bigint NOT NULL, dbid bigint NOT NULL, name bytea NOT NULL, type bigint NOT NULL, exp bigint,
  kid bigint NOT NULL, n bigint NOT NULL, lo bigint NOT NULL, hi bigint NOT NULL, enc bigint NOT NULL,
  bytes bigint NOT NULL, used bigint NOT NULL, val bytea, PRIMARY KEY (dbid, name)) WITH (fillfactor = 80);
ALTER TABLE rp_key ALTER val SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX rp_key_id ON rp_key (id);
CREATE INDEX rp_key_exp ON rp_key (exp) WHERE exp IS NOT NULL;
CREATE TABLE rp_hash (
  kid bigint NOT NULL, field bytea NOT NULL, val bytea NOT NULL, ord bigint NOT NULL, PRIMARY KEY (kid, field))
  WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
CREATE TABLE rp_set (
  kid bigint NOT NULL, member bytea NOT NULL, ord bigint NOT NULL, PRIMARY KEY (kid, member))
  WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE TABLE rp_list (
  kid bigint NOT NULL, pos bigint NOT NULL, val bytea NOT NULL, PRIMARY KEY (kid, pos))
  WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE TABLE rp_zset (
  kid bigint NOT NULL, member bytea NOT NULL, ord bigint NOT NULL, PRIMARY KEY (kid, member))
  WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX rp_zset_ord ON rp_zset (kid, ord, member);
CREATE TABLE rp_trash (kid bigint PRIMARY KEY, type bigint NOT NULL);

CREATE VIEW v_key AS
  SELECT d.num AS db, encode(k.name, 'escape') AS name,
         CASE k.type WHEN 1 THEN 'string' WHEN 2 THEN 'list' WHEN 3 THEN 'set' WHEN 4 THEN 'zset' WHEN 5 THEN 'hash'
         END AS type,
         k.n AS size, to_timestamp(k.exp / 1000.0) AS expires_at, k.kid, k.type AS type_number, k.val
  FROM rp_key k JOIN rp_db d ON d.dbid = k.dbid
  WHERE k.exp IS NULL OR k.exp > extract(epoch FROM now()) * 1000;
CREATE VIEW v_string AS
  SELECT db, name, encode(val, 'escape') AS value, expires_at FROM v_key WHERE type_number = 1;
CREATE VIEW v_list AS
  SELECT k.db, k.name, row_number() OVER (PARTITION BY e.kid ORDER BY e.pos) - 1 AS position,
         encode(e.val, 'escape') AS value
  FROM v_key k JOIN rp_list e ON e.kid = k.kid WHERE k.type_number = 2;
CREATE VIEW v_set AS
  SELECT k.db, k.name, encode(e.member, 'escape') AS member
  FROM v_key k JOIN rp_set e ON e.kid = k.kid WHERE k.type_number = 3;
CREATE VIEW v_hash AS
  SELECT k.db, k.name, encode(e.field, 'escape') AS field, encode(e.val, 'escape') AS value
  FROM v_key k JOIN rp_hash e ON e.kid = k.kid WHERE k.type_number = 5;
CREATE VIEW v_zset AS
  WITH parts AS (
    SELECT kid, member, CASE WHEN ord < 0 THEN -1::float8 ELSE 1::float8 END AS sign,
           CASE WHEN ord < 0 THEN (-1 - ord) >> 52 ELSE ord >> 52 END AS exponent,
           CASE WHEN ord < 0 THEN (-1 - ord) & 4503599627370495 ELSE ord & 4503599627370495 END AS fraction
    FROM rp_zset)
  SELECT k.db, k.name, encode(e.member, 'escape') AS member,
         CASE e.exponent WHEN 2047 THEN e.sign * 'Infinity'::float8
                         WHEN 0 THEN e.sign * e.fraction::float8 * power(2::float8, -1074)
                         ELSE e.sign * (e.fraction + 4503599627370496)::float8 * power(2::float8, e.exponent - 1075)
         END AS score
  FROM v_key k JOIN parts e ON e.kid = k.kid WHERE k.type_number = 4;

INSERT INTO rp_state (id, format, epoch, batch, next_id) VALUES (1, 0, 0, 0, 1);
)";

constexpr View all[] = {postgresql_1};

}  // namespace

std::span<const View> postgresql_migrations() { return all; }

}  // namespace redipy::sql
