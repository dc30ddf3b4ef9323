#include "catalog/builtin/declare.hpp"

namespace tailrace::catalog {

std::vector<BuiltinTable> runtime_tables() {
  std::vector<BuiltinTable> all;
  all.push_back(table(16734, "mz_internal", "mz_source_status_history",
                      "Every change of a source's status.",
                      {{"occurred_at", timestamptz_type},
                       {"source_id", text_type},
                       {"status", text_type},
                       {"error", text_type, nullable},
                       {"details", TypeId::jsonb, nullable},
                       {"replica_id", text_type, nullable}}));
  all.back().feed = BuiltinFeed::durable;
  all.back().is_source = true;
  all.push_back(table(16768, "mz_internal", "mz_source_statistics_raw",
                      "What each source has ingested.",
                      {{"id", text_type},
                       {"replica_id", text_type, nullable},
                       {"messages_received", uint8_type},
                       {"bytes_received", uint8_type},
                       {"updates_staged", uint8_type},
                       {"updates_committed", uint8_type},
                       {"records_indexed", uint8_type},
                       {"bytes_indexed", uint8_type},
                       {"rehydration_latency", TypeId::interval, nullable},
                       {"snapshot_records_known", uint8_type, nullable},
                       {"snapshot_records_staged", uint8_type, nullable},
                       {"snapshot_committed", bool_type},
                       {"offset_known", uint8_type, nullable},
                       {"offset_committed", uint8_type, nullable}}));
  all.back().feed = BuiltinFeed::volatile_;
  all.back().is_source = true;
  all.push_back(table(17016, "mz_internal", "mz_postgres_source_slots",
                      "What upstream keeps for the replication slot of each PostgreSQL source.",
                      {{"id", text_type},
                       {"wal_status", text_type, nullable},
                       {"retained_bytes", uint8_type},
                       {"safe_bytes", uint8_type, nullable},
                       {"restart_lsn", uint8_type},
                       {"confirmed_lsn", uint8_type},
                       {"catalog_xmin_age", uint8_type, nullable},
                       {"held_by", text_type, nullable},
                       {"last_commit_at", timestamptz_type, nullable},
                       {"reported_at", timestamptz_type}}));
  all.back().feed = BuiltinFeed::volatile_;
  all.back().is_source = true;
  all.push_back(table(17017, "mz_internal", "mz_postgres_source_snapshots",
                      "How far the first snapshot of a PostgreSQL source's tables is.",
                      {{"id", text_type},
                       {"tables", uint8_type},
                       {"began_at", timestamptz_type, nullable},
                       {"records_known", uint8_type},
                       {"records_staged", uint8_type},
                       {"remaining", TypeId::interval, nullable}}));
  all.back().feed = BuiltinFeed::volatile_;
  all.back().is_source = true;
  all.push_back(table(16760, "mz_internal", "mz_frontiers",
                      "Read and write frontiers of collections.",
                      {{"object_id", text_type},
                       {"read_frontier", TypeId::mz_timestamp, nullable},
                       {"write_frontier", TypeId::mz_timestamp, nullable}}));
  all.back().feed = BuiltinFeed::volatile_;
  all.back().is_source = true;
  // The reference makes these views over more tables; here the process knows the answer itself.
  all.push_back(table(
      16898, "mz_internal", "mz_hydration_statuses",
      "Which objects have caught up with their inputs.",
      {{"object_id", text_type}, {"replica_id", text_type, nullable}, {"hydrated", bool_type}}));
  all.back().feed = BuiltinFeed::volatile_;
  all.push_back(table(16763, "mz_internal", "mz_sessions", "Sessions.",
                      {{"id", TypeId::uuid},
                       {"connection_id", TypeId::uint4},
                       {"role_id", text_type},
                       {"client_ip", text_type, nullable},
                       {"connected_at", timestamptz_type}}));
  all.back().feed = BuiltinFeed::volatile_;
  return all;
}

}  // namespace tailrace::catalog
