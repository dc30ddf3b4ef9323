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
    const QueryResult lsn = connection_.query(lsn_query);
    if (!lsn.is_null(0, 0)) shared_.counters.offset_known.raise_to(parse_lsn(lsn.text(0, 0)));
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
      return incompatibility(table, found->table);
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

  SharedState& shared_;
  Connection& connection_;
  const std::uint64_t connection_version_;
};

}  // namespace

void monitor_upstream(SharedState& shared, CancelToken& cancel) {
  while (true) {
    try {
      const std::uint64_t version = shared.connection_version();
      const auto connection = Connection::open(shared.connection(), {.purpose = "monitor"}, cancel);
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
