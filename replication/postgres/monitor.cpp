#include "replication/postgres/monitor.hpp"

#include <fmt/format.h>

#include <poll.h>

#include <algorithm>
#include <utility>

#include "replication/postgres/compatibility.hpp"
#include "replication/postgres/connection.hpp"
#include "replication/postgres/slot_watch.hpp"
#include "replication/postgres/upstream_catalog.hpp"

namespace tailrace::replication {
namespace {

constexpr std::chrono::milliseconds probe_interval(1000);
constexpr std::chrono::seconds reconnect_wait(2);
constexpr std::chrono::seconds answer_timeout(10);
// So much log upstream calls for a heartbeat, at most so often.
constexpr Lsn heartbeat_bytes = 16 << 20;
constexpr std::chrono::seconds heartbeat_interval(10);

// The position of upstream's log: on a standby what it has replayed.
constexpr const char* lsn_query =
    "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() "
    "ELSE pg_catalog.pg_current_wal_lsn() END";

constexpr SqlState lock_not_available{"55P03"};
// Of upstream's catalog, and of a transaction that has committed to be seen as such.
constexpr std::chrono::milliseconds lock_timeout(500);
constexpr std::chrono::milliseconds visible_timeout(2000);

// Also ends when `other` becomes readable (-1: none).
void sleep_until(std::chrono::steady_clock::time_point time, CancelToken& cancel, int other) {
  EventFd woken;
  const CancelToken::Registration wake(cancel, [&] { woken.notify(); });
  pollfd waiting[] = {{woken.fd(), POLLIN, 0}, {other, POLLIN, 0}};
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(time - std::chrono::steady_clock::now());
  ::poll(waiting, 2, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
  cancel.check();
}

class Monitor {
 public:
  Monitor(SharedState& shared, Connection& connection, std::uint64_t connection_version)
      : shared_(shared),
        connection_(connection),
        connection_version_(connection_version),
        slot_(shared, connection) {}

  void probe() {
    const int streaming = shared_.stream_pid;
    const SlotWatch::Slot slot = slot_.look();
    if (slot.upstream == 0) return;
    shared_.counters.offset_known.raise_to(slot.upstream);
    look_for_stream(streaming, slot.active_pid.value_or(0));
    if (slot.confirmed) keep_slot_moving(slot.upstream, *slot.confirmed);
  }

  // Whether all could be looked at: tables that are being altered may be locked.
  bool validate() {
    try {
      validate_all();
      return true;
    } catch (const UpstreamError& error) {
      if (error.state() != lock_not_available) throw;
      connection_.query("ROLLBACK");
      return false;
    }
  }

  void answer_inquiries() {
    while (const auto question = shared_.inquiries.next()) {
      shared_.inquiries.answer(*question, look(*question));
      shared_.wake.notify();
    }
  }

 private:
  void validate_all() {
    // What another server lacks says nothing about the one that is followed.
    if (!is_followed_server()) return;
    looked_at_.clear();
    std::vector<IngestedTable> tables = shared_.tables();
    // A table that is still to be copied is looked at in its snapshot.
    std::erase_if(tables, [](const IngestedTable& table) {
      return table.counters->ceased || !table.counters->snapshot_committed;
    });
    connection_.query("BEGIN READ ONLY ISOLATION LEVEL REPEATABLE READ");
    const std::optional<Oid> published = publication_oid(connection_, shared_.publication);
    const std::vector<PublishedTable> publication =
        read_publication(connection_, shared_.publication);
    const std::vector<std::string> unpublished =
        unpublished_actions(connection_, shared_.publication);
    const Lsn lsn = parse_lsn(connection_.query(lsn_query).text(0, 0));
    connection_.query("COMMIT");
    for (const IngestedTable& table : tables) {
      if (auto why = publication_lost(*table.table, published)) {
        shared_.post({.lsn = lsn, .error = std::move(*why)}, connection_version_);
        return;
      }
    }
    for (const IngestedTable& table : tables) {
      auto why = incompatibility_now(*table.table, publication);
      if (!why) why = no_longer_published(*table.table, unpublished);
      if (why) {
        shared_.post({.lsn = lsn, .table = table.table->collection, .error = std::move(*why)},
                     connection_version_);
      }
    }
    if (looked_at_.empty()) return;
    storage::CommitRequest remember;
    remember.records = std::exchange(looked_at_, {});
    shared_.store.commit(std::move(remember));  // what is lost is looked at again
  }

  // One table, as it is by now. The stream may tell of a transaction before other sessions see what it has done.
  Inquiries::Answer look(const Inquiries::Question& question) {
    const TableExport& table = *question.table;
    Inquiries::Answer answer{.table = table.collection};
    if (!is_followed_server()) return answer;
    const auto deadline = std::chrono::steady_clock::now() + visible_timeout;
    TableLook now;
    do {
      now = look_at_table(connection_, shared_.publication, table.upstream.oid, question.xid);
      if (now.sees_transaction) break;
      connection_.query("SELECT pg_catalog.pg_sleep(0.001)");
    } while (std::chrono::steady_clock::now() < deadline);
    answer.failure = publication_lost(table, now.publication);
    answer.of_source = answer.failure.has_value();
    if (!answer.failure) answer.failure = unseen_change(table, now, shared_.publication);
    if (!answer.failure) answer.failure = rewritten(table, file_before(table), now.heap);
    return answer;
  }

  std::optional<std::string> publication_lost(const TableExport& table,
                                              std::optional<Oid> published) const {
    std::string missing = fmt::format("publication \"{}\" does not exist", shared_.publication);
    if (!published) return missing;
    const Oid then = table.upstream.publication;
    if (then == 0 || then == *published) return std::nullopt;
    return missing + " any more: there is another one of this name";
  }

  // What was not published when the table was copied is known to its owner. What is taken out later would make it drift
  // from upstream's without a word.
  std::optional<std::string> no_longer_published(const TableExport& table,
                                                 const std::vector<std::string>& unpublished) {
    const std::string key = shared_.positions.unpublished_key(table.collection);
    const auto known = shared_.store.read_record(storage::RecordSpace::positions, key);
    const std::string now = fmt::format("{}", fmt::join(unpublished, ","));
    if (known == now) return std::nullopt;
    std::vector<std::string> taken_out;
    for (const std::string& action : unpublished) {
      if (known && known->find(action) == std::string::npos) taken_out.push_back(action);
    }
    if (taken_out.empty()) {
      looked_at_.push_back(Positions::put(key, now));
      return std::nullopt;
    }
    return altered_text(table.upstream,
                        fmt::format("publication \"{}\" does not publish {} any more",
                                    shared_.publication, fmt::join(taken_out, ", ")));
  }

  bool is_followed_server() {
    if (is_followed_) return true;
    const auto known =
        shared_.store.read_record(storage::RecordSpace::positions, shared_.positions.system_key());
    if (!known) return false;
    const QueryResult readable = connection_.query(
        "SELECT pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')");
    // Where it may not be read the stream's session looks too.
    is_followed_ = !readable.boolean(0, 0) ||
                   connection_.query("SELECT system_identifier FROM pg_catalog.pg_control_system()")
                           .text(0, 0) == *known;
    return is_followed_;
  }

  std::optional<std::uint64_t> file_before(const TableExport& table) const {
    return Positions::number(shared_.store, shared_.positions.file_key(table.collection));
  }

  std::optional<std::string> incompatibility_now(const TableExport& table,
                                                 const std::vector<PublishedTable>& publication) {
    const auto found = std::find_if(
        publication.begin(), publication.end(),
        [&](const auto& published) { return published.table.oid == table.upstream.oid; });
    if (found != publication.end()) {
      if (auto why = incompatibility(table, *found)) return why;
      const std::optional<std::uint64_t> file = file_before(table);
      if (auto why = rewritten(table, file, found->heap)) return why;
      if (file != found->heap.file) {
        looked_at_.push_back(
            Positions::put_number(shared_.positions.file_key(table.collection), found->heap.file));
      }
      return std::nullopt;
    }
    const QueryResult exists =
        connection_.query("SELECT 1 FROM pg_catalog.pg_class WHERE oid = $1::oid",
                          std::vector{std::to_string(table.upstream.oid)});
    return gone_text(table.upstream, exists.rows() > 0, shared_.publication);
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
  SlotWatch slot_;
  bool is_followed_ = false;                      // for the life of the connection, once it is
  std::vector<storage::RecordChange> looked_at_;  // to be remembered
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
      connection->query(fmt::format("SET lock_timeout = {}", lock_timeout.count()));
      shared.inquiries.set_trouble({});
      Monitor monitor(shared, *connection, version);
      auto next_probe = std::chrono::steady_clock::now();
      auto last_validation = next_probe;
      std::chrono::milliseconds until_validation{0};
      bool is_validated = false;
      while (version == shared.connection_version()) {
        monitor.answer_inquiries();
        const auto now = std::chrono::steady_clock::now();
        if (now >= next_probe) {
          monitor.probe();
          next_probe = now + probe_interval;
          continue;
        }
        if (now >= last_validation + until_validation) {
          last_validation = now;
          is_validated = monitor.validate();
        }
        // The setting may have changed since the last probe.
        until_validation = is_validated ? shared.settings().validation_interval : probe_interval;
        sleep_until(std::min(next_probe, last_validation + until_validation), cancel,
                    shared.inquiries.asked().fd());
      }
      continue;
    } catch (const UpstreamError& error) {
      if (cancel.cancelled()) return;
      shared.inquiries.set_trouble(error.status_text());
    } catch (const SqlError& error) {
      if (cancel.cancelled()) return;
      shared.inquiries.set_trouble(error.message());
    }
    try {
      sleep_until(std::chrono::steady_clock::now() + reconnect_wait, cancel, -1);
    } catch (const SqlError&) {
      return;
    }
  }
}

}  // namespace tailrace::replication
