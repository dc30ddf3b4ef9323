#include "replication/postgres/slot_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "replication/postgres/upstream_clock.hpp"

namespace tailrace::replication {

namespace {

constexpr std::uint32_t version_with_wal_status = 130000;
// A slot that keeps so much log is held back by something: by what is looked for, at most so often.
constexpr Lsn much_log = 64 << 20;
constexpr std::chrono::seconds search_interval(15);
// A slot is mostly made at once; so many looks later somebody may be waiting for it.
constexpr int waiting_probes_before_hint = 3;

enum Column { end_of_log, active_pid, confirmed, restart, xmin_age, status, safe_size };

std::string query_of(const std::string& slot, std::uint32_t version) {
  // On a standby the log ends at what it has replayed.
  return fmt::format(
      "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() "
      "ELSE pg_catalog.pg_current_wal_lsn() END, slot.active_pid, slot.confirmed_flush_lsn, "
      "slot.restart_lsn, pg_catalog.age(slot.catalog_xmin), {} FROM (SELECT) AS always LEFT JOIN "
      "pg_catalog.pg_replication_slots AS slot ON slot.slot_name = {}",
      version >= version_with_wal_status ? "slot.wal_status, slot.safe_wal_size" : "NULL, NULL",
      quote_literal(slot));
}

}  // namespace

SlotWatch::Slot SlotWatch::look() {
  const QueryResult answer =
      connection_.query(query_of(shared_.slot, connection_.server_version()));
  Slot slot;
  if (answer.is_null(0, end_of_log)) return slot;
  slot.upstream = parse_lsn(answer.text(0, end_of_log));
  if (!answer.is_null(0, active_pid))
    slot.active_pid = static_cast<int>(answer.integer(0, active_pid));
  if (answer.is_null(0, confirmed)) {
    tell_what_creation_waits_for();
    return slot;
  }
  waiting_probes_ = 0;
  slot.confirmed = parse_lsn(answer.text(0, confirmed));
  report(answer, slot.upstream);
  return slot;
}

void SlotWatch::report(const QueryResult& answer, Lsn upstream) {
  SlotReport report{.confirmed_lsn = parse_lsn(answer.text(0, confirmed)),
                    .reported_at = upstream_clock_now()};
  if (!answer.is_null(0, restart)) {
    report.restart_lsn = parse_lsn(answer.text(0, restart));
    report.retained_bytes = upstream - std::min(upstream, report.restart_lsn);
  }
  if (!answer.is_null(0, xmin_age))
    report.catalog_xmin_age = static_cast<std::uint64_t>(answer.integer(0, xmin_age));
  if (!answer.is_null(0, status)) report.wal_status = answer.string(0, status);
  if (!answer.is_null(0, safe_size))
    report.safe_bytes =
        static_cast<std::uint64_t>(std::max<std::int64_t>(answer.integer(0, safe_size), 0));
  if (const std::int64_t committed = shared_.counters.visible_commit_time; committed != 0)
    report.last_commit_at = committed;

  if (report.retained_bytes < much_log) {
    held_by_.clear();
  } else if (const auto now = std::chrono::steady_clock::now(); now >= next_search_) {
    next_search_ = now + search_interval;
    held_by_ = oldest_transaction();
  }
  report.held_by = held_by_;

  if (report.wal_status != wal_status_ && report.wal_status == "unreserved") {
    shared_.log(fmt::format(
        "source {}: replication slot {} keeps {} bytes of log upstream, more than "
        "max_slot_wal_keep_size: its next "
        "checkpoint may invalidate the slot{}",
        shared_.source_id, shared_.slot, report.retained_bytes,
        held_by_.empty() ? std::string() : "; the oldest transaction there is of " + held_by_));
  }
  wal_status_ = report.wal_status;
  shared_.tell_slot(std::move(report));
}

// A slot can only be made once the transactions have ended that were running when it was asked for.
void SlotWatch::tell_what_creation_waits_for() {
  const int maker = shared_.opening_pid;
  if (maker == 0 || ++waiting_probes_ < waiting_probes_before_hint) return;
  const QueryResult blockers = connection_.query(fmt::format(
      "SELECT pg_catalog.string_agg(DISTINCT CASE pid WHEN 0 THEN 'a prepared transaction' "
      "ELSE 'process ' || pid END, ', ') FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids({})) "
      "AS pid",
      maker));
  if (blockers.is_null(0, 0) || shared_.opening_pid != maker) return;
  shared_.status.hint_while_starting(fmt::format(
      "upstream makes the replication slot once transactions that were open have ended; "
      "still open: {}",
      blockers.string(0, 0)));
}

std::string SlotWatch::oldest_transaction() {
  const QueryResult oldest = connection_.query(
      "SELECT coalesce('prepared transaction ' || pg_catalog.quote_literal(prepared.gid), 'process "
      "' || held.pid) "
      "FROM pg_catalog.pg_locks AS held LEFT JOIN pg_catalog.pg_prepared_xacts AS prepared "
      "ON prepared.transaction = held.transactionid "
      "WHERE held.locktype = 'transactionid' AND held.mode = 'ExclusiveLock' AND held.granted "
      "ORDER BY pg_catalog.age(held.transactionid) DESC LIMIT 1");
  return oldest.rows() == 0 || oldest.is_null(0, 0) ? std::string() : oldest.string(0, 0);
}

}  // namespace tailrace::replication
