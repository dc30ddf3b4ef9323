#include "replication/postgres/monitor.hpp"

#include <fmt/format.h>

#include <poll.h>

#include <algorithm>

#include "replication/postgres/compatibility.hpp"
#include "replication/postgres/connection.hpp"
#include "replication/postgres/upstream_catalog.hpp"

namespace tailrace::replication {
namespace {

constexpr std::chrono::milliseconds probe_interval(1000);
// pg_schema_validation_interval.
constexpr std::chrono::seconds validation_interval(15);
constexpr std::chrono::seconds reconnect_wait(2);
constexpr std::chrono::seconds answer_timeout(10);
// So much log upstream calls for a heartbeat, at most so often.
constexpr Lsn heartbeat_bytes = 16 << 20;
constexpr std::chrono::seconds heartbeat_interval(10);

// The position of upstream's log: on a standby what it has replayed.
constexpr const char* lsn_query =
    "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() "
    "ELSE pg_catalog.pg_current_wal_lsn() END";

void sleep_for(std::chrono::milliseconds time, CancelToken& cancel) {
  EventFd woken;
  const CancelToken::Registration wake(cancel, [&] { woken.notify(); });
  pollfd waiting{woken.fd(), POLLIN, 0};
  ::poll(&waiting, 1, static_cast<int>(time.count()));
  cancel.check();
}

class Monitor {
 public:
  Monitor(SharedState& shared, Connection& connection, std::uint64_t connection_version)
      : shared_(shared), connection_(connection), connection_version_(connection_version) {}

  void probe() {
    const int streaming = shared_.stream_pid;
    const QueryResult answer = connection_.query(fmt::format(
        "{}, slot.active_pid, slot.confirmed_flush_lsn FROM (SELECT) AS always LEFT JOIN "
        "pg_catalog.pg_replication_slots AS slot ON slot.slot_name = {}",
        lsn_query, quote_literal(shared_.slot)));
    if (answer.is_null(0, 0)) return;
    const Lsn upstream = parse_lsn(answer.text(0, 0));
    shared_.counters.offset_known.raise_to(upstream);
    look_for_stream(streaming, answer.is_null(0, 1) ? 0 : static_cast<int>(answer.integer(0, 1)));
    if (!answer.is_null(0, 2)) keep_slot_moving(upstream, parse_lsn(answer.text(0, 2)));
  }

  void validate() {
    // What another server lacks says nothing about the one that is followed.
    if (!is_followed_server()) return;
    const std::vector<IngestedTable> tables = shared_.tables();
    connection_.query("BEGIN READ ONLY ISOLATION LEVEL REPEATABLE READ");
    const bool exists = publication_exists(connection_, shared_.publication);
    const std::vector<PublishedTable> publication =
        read_publication(connection_, shared_.publication);
    const Lsn lsn = parse_lsn(connection_.query(lsn_query).text(0, 0));
    connection_.query("COMMIT");
    if (!exists) {
      shared_.post({.lsn = lsn,
                    .error = fmt::format("publication \"{}\" does not exist", shared_.publication)},
                   connection_version_);
      return;
    }
    for (const IngestedTable& table : tables) {
      // A table that is still to be copied is looked at in its snapshot.
      if (table.counters->ceased || !table.counters->snapshot_committed) continue;
      if (auto why = incompatibility_now(*table.table, publication)) {
        shared_.post({.lsn = lsn, .table = table.table->collection, .error = std::move(*why)},
                     connection_version_);
      }
    }
  }

 private:
  bool is_followed_server() {
    const auto known =
        shared_.store.read_record(storage::RecordSpace::positions, shared_.positions.system_key());
    if (!known) return false;
    const QueryResult readable = connection_.query(
        "SELECT pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')");
    if (!readable.boolean(0, 0)) return true;  // the stream's session looks too
    const QueryResult system =
        connection_.query("SELECT system_identifier FROM pg_catalog.pg_control_system()");
    return system.text(0, 0) == *known;
  }

  std::optional<std::string> incompatibility_now(const TableExport& table,
                                                 const std::vector<PublishedTable>& publication) {
    const auto found = std::find_if(
        publication.begin(), publication.end(),
        [&](const auto& published) { return published.table.oid == table.upstream.oid; });
    if (found != publication.end()) {
      if (found->has_row_filter) {
        return altered_text(table.upstream, "the publication got a row filter for it");
      }
      return incompatibility(table, *found);
    }
    const QueryResult exists =
        connection_.query("SELECT 1 FROM pg_catalog.pg_class WHERE oid = $1::oid",
                          std::vector{std::to_string(table.upstream.oid)});
    if (exists.rows() == 0) {
      return fmt::format("table was dropped: {} with oid {}", qualified_name(table.upstream),
                         table.upstream.oid);
    }
    return altered_text(table.upstream, fmt::format("it is not in publication \"{}\" any more",
                                                    shared_.publication));
  }

  // The stream's process is gone upstream, twice in a row: its end did not reach us, nor will it.
  void look_for_stream(int streaming, int active) {
    const bool gone = streaming != 0 && active != streaming;
    if (gone && missed_ == streaming) {
      shared_.ended_stream_pid = streaming;
      shared_.wake.notify();
    }
    missed_ = gone ? streaming : 0;
  }

  // An idle slot moves with what the walsender reads, but the log that it keeps only with transactions of its own
  // database. Where others have written much since, one of ours lets it go. It needs no table and no privilege.
  void keep_slot_moving(Lsn upstream, Lsn confirmed) {
    const auto now = std::chrono::steady_clock::now();
    if (last_heartbeat_lsn_ == 0) last_heartbeat_lsn_ = confirmed;
    if (!heartbeats_ || upstream < last_heartbeat_lsn_ + heartbeat_bytes || now < next_heartbeat_)
      return;
    next_heartbeat_ = now + heartbeat_interval;
    last_heartbeat_lsn_ = upstream;
    try {
      connection_.query("SELECT pg_catalog.pg_logical_emit_message(true, 'tailrace', '')");
    } catch (const UpstreamError& error) {
      if (error.state() == sqlstate::connection_failure) throw;
      // Not permitted, or a standby: then upstream's own transactions must do.
      heartbeats_ = false;
      shared_.log(fmt::format("source {}: no heartbeat upstream: {}", shared_.source_id,
                              error.status_text()));
    }
  }

  SharedState& shared_;
  Connection& connection_;
  const std::uint64_t connection_version_;
  int missed_ = 0;
  bool heartbeats_ = true;
  Lsn last_heartbeat_lsn_ = 0;
  std::chrono::steady_clock::time_point next_heartbeat_;
};

}  // namespace

void monitor_upstream(SharedState& shared, CancelToken& cancel) {
  while (true) {
    try {
      const std::uint64_t version = shared.connection_version();
      const auto connection = Connection::open(shared.connection(), {.purpose = "monitor"}, cancel);
      connection->set_answer_timeout(answer_timeout);
      Monitor monitor(shared, *connection, version);
      auto next_validation = std::chrono::steady_clock::now();
      while (version == shared.connection_version()) {
        monitor.probe();
        if (std::chrono::steady_clock::now() >= next_validation) {
          monitor.validate();
          next_validation = std::chrono::steady_clock::now() + validation_interval;
        }
        sleep_for(probe_interval, cancel);
      }
      continue;
    } catch (const SqlError&) {
      if (cancel.cancelled()) return;
    }
    try {
      sleep_for(reconnect_wait, cancel);
    } catch (const SqlError&) {
      return;
    }
  }
}

}  // namespace tailrace::replication
