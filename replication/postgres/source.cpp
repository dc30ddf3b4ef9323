#include "replication/postgres/source.hpp"

#include <fmt/format.h>

#include <poll.h>

#include <thread>

#include "replication/postgres/connection.hpp"
#include "replication/postgres/monitor.hpp"
#include "replication/postgres/session.hpp"
#include "replication/postgres/shared_state.hpp"
#include "replication/postgres/snapshot_progress.hpp"
#include "replication/postgres/source_error.hpp"
#include "replication/postgres/upstream_clock.hpp"

namespace tailrace::replication {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds backoff_min(100);
constexpr milliseconds backoff_max(5000);
// A session that lived so long was a good one: the next attempt begins anew.
constexpr std::chrono::seconds good_session(10);

class RunningSource final : public PostgresSource {
 public:
  RunningSource(SourceConfig config, SourceOptions options)
      : shared_(std::move(config), std::move(options)) {
    shared_.status.set(std::nullopt, SourceState::starting);
    stream_thread_ = std::jthread([this] { run(); });
    monitor_thread_ = std::jthread([this] { monitor_upstream(shared_, stop_); });
  }

  ~RunningSource() override { stop(); }

  void connection_altered(bool cut) override {
    if (cut) shared_.connection_altered();
    const std::lock_guard lock(session_mutex_);
    reconnect_ = true;
    if (cut && session_cancel_ != nullptr) {
      session_cancel_->cancel(SqlError(sqlstate::connection_failure, "the connection was altered"));
    }
    shared_.wake.notify();
    retry_.notify();
  }

  void add_table(TableExport table) override { shared_.add_table(std::move(table)); }
  void remove_table(storage::CollectionId collection) override { shared_.remove_table(collection); }

  std::vector<ExportStatistics> statistics() const override;
  std::optional<SlotReport> slot() const override;
  std::optional<SnapshotProgress> snapshot() const override;
  void wait_recent(CancelToken& cancel) override;
  bool wait_readable(storage::CollectionId collection, std::chrono::steady_clock::time_point until,
                     CancelToken& cancel) override;
  void stop() override;

 private:
  void run();
  // One session; what ended it is told, and whether to go on at once.
  bool run_session();
  void stalled(const std::string& why, const std::string& hint = {});
  void lose(const std::string& why);
  void sleep(milliseconds time);
  // Nothing can go on as it is: until a table is added or removed, or the connection altered.
  void wait_for_change(std::uint64_t tables_before);

  SharedState shared_;
  CancelToken stop_;
  std::mutex session_mutex_;
  CancelToken* session_cancel_ = nullptr;
  bool reconnect_ = false;  // the connection was altered
  EventFd retry_;           // ends the wait between two sessions
  bool lost_ = false;       // the last session ended for good
  std::jthread stream_thread_;
  std::jthread monitor_thread_;
};

void RunningSource::stop() {
  stop_.cancel(SqlError(sqlstate::admin_shutdown, "the source was stopped"));
  {
    const std::lock_guard lock(session_mutex_);
    if (session_cancel_ != nullptr)
      session_cancel_->cancel(SqlError(sqlstate::admin_shutdown, "stopped"));
  }
  shared_.notify_progress();
  for (std::jthread* thread : {&stream_thread_, &monitor_thread_}) {
    if (thread->joinable()) thread->join();
  }
}

void RunningSource::run() {
  milliseconds backoff = backoff_min;
  while (!stop_.cancelled()) {
    const auto began = std::chrono::steady_clock::now();
    const std::uint64_t tables_before = shared_.tables_version();
    const bool at_once = run_session();
    if (stop_.cancelled()) return;
    if (at_once || std::chrono::steady_clock::now() - began > good_session) backoff = backoff_min;
    if (lost_ && !at_once) wait_for_change(tables_before);
    lost_ = false;
    if (at_once) continue;
    sleep(backoff);
    backoff = std::min(backoff * 2, backoff_max);
  }
}

bool RunningSource::run_session() {
  CancelToken cancel;
  const CancelToken::Registration follow(
      stop_, [&] { cancel.cancel(SqlError(sqlstate::admin_shutdown, "the source was stopped")); });
  {
    const std::lock_guard lock(session_mutex_);
    session_cancel_ = &cancel;
    reconnect_ = false;
    retry_.clear();
  }
  struct Forget {
    RunningSource& source;
    ~Forget() {
      const std::lock_guard lock(source.session_mutex_);
      source.session_cancel_ = nullptr;
    }
  } forget{*this};
  try {
    Session session(shared_, cancel);
    session.run();
  } catch (const SessionRestart&) {
    return true;
  } catch (const SourceLost& lost) {
    lose(lost.message());
    lost_ = true;
  } catch (const UpstreamError& error) {
    // Upstream says it while decoding, the monitor by looking.
    const bool lost = error.state() == sqlstate::undefined_object &&
                      error.message().find("publication") != std::string::npos;
    if (lost) {
      lose(error.message());
      lost_ = true;
    } else if (!cancel.cancelled()) {
      if (error.state() == sqlstate::internal_error) shared_.slot_failed = true;
      stalled(error.layer() + ": " + error.status_text(), error.hint());
    }
  } catch (const SqlError& error) {
    // A table was dropped here while its changes were on their way: begin anew without it.
    if (error.state() == sqlstate::undefined_table) return false;
    if (!cancel.cancelled()) stalled("postgres: " + error.message(), error.hint());
  }
  const std::lock_guard lock(session_mutex_);
  return reconnect_;
}

void RunningSource::stalled(const std::string& why, const std::string& hint) {
  shared_.log(fmt::format("source {}: stalled: {}", shared_.source_id, why));
  shared_.status.set(std::nullopt, SourceState::stalled, why, hint);
  for (const IngestedTable& table : shared_.tables()) {
    if (!table.counters->ceased) {
      shared_.status.set(table.table->collection, SourceState::stalled, why, hint);
    }
  }
}

// No table can go on, ever: each gets the error, in one commit.
void RunningSource::lose(const std::string& why) {
  storage::CommitRequest request;
  std::vector<IngestedTable> ceased;
  for (const IngestedTable& table : shared_.tables()) {
    const storage::CollectionId collection = table.table->collection;
    if (table.counters->ceased || !shared_.store.describe(collection)) continue;
    BatchBuilder errors(error_schema().types());
    append_error(errors, definite_error(collection, why), 0, 1);
    Delta delta;
    delta.errors.push_back(std::make_shared<const Batch>(errors.finish()));
    request.deltas.push_back({.collection = collection, .delta = std::move(delta)});
    request.records.push_back(
        Positions::put(shared_.positions.table_key(collection), Positions::ceased(why)));
    ceased.push_back(table);
  }
  if (!ceased.empty()) {
    const storage::CommitOutcome outcome = shared_.store.commit(std::move(request));
    if (outcome.error) return stalled(outcome.error->message());
    for (const IngestedTable& table : ceased) table.counters->ceased = true;
  }
  // The tables first: who sees the source stalled sees for which of them that is for ever.
  for (const IngestedTable& table : shared_.tables()) {
    shared_.status.set(table.table->collection, SourceState::ceased, why);
  }
  stalled("postgres: " + why);
  shared_.notify_progress();
}

void RunningSource::sleep(milliseconds time) {
  const CancelToken::Registration wake(stop_, [this] { retry_.notify(); });
  pollfd waiting{retry_.fd(), POLLIN, 0};
  ::poll(&waiting, 1, static_cast<int>(time.count()));
}

void RunningSource::wait_for_change(std::uint64_t tables_before) {
  const CancelToken::Registration wake(stop_, [this] { shared_.wake.notify(); });
  while (!stop_.cancelled() && shared_.tables_version() == tables_before) {
    {
      const std::lock_guard lock(session_mutex_);
      if (reconnect_) return;
    }
    pollfd waiting{shared_.wake.fd(), POLLIN, 0};
    ::poll(&waiting, 1, -1);
    shared_.wake.clear();
  }
}

// The source's row tells of itself and of all its tables.
void add_to_source(ExportStatistics& source, const ExportStatistics& table) {
  const auto add = [](std::optional<std::uint64_t>& sum, std::optional<std::uint64_t> count) {
    if (count) sum = sum.value_or(0) + *count;
  };
  source.updates_staged += table.updates_staged;
  source.updates_committed += table.updates_committed;
  add(source.snapshot_records_known, table.snapshot_records_known);
  add(source.snapshot_records_staged, table.snapshot_records_staged);
  source.snapshot_committed = source.snapshot_committed && table.snapshot_committed;
}

std::vector<ExportStatistics> RunningSource::statistics() const {
  std::vector<ExportStatistics> rows;
  ExportStatistics source;
  const SourceCounters& counters = shared_.counters;
  source.messages_received = counters.messages_received;
  source.bytes_received = counters.bytes_received;
  if (counters.rehydration_latency_ms >= 0)
    source.rehydration_latency_ms = counters.rehydration_latency_ms;
  source.offset_committed = counters.offset_committed.get();
  source.offset_known = counters.offset_known.get();
  source.snapshot_committed = true;
  rows.push_back(source);
  for (const IngestedTable& table : shared_.tables()) {
    ExportStatistics row;
    row.collection = table.table->collection;
    row.updates_staged = table.counters->updates_staged;
    row.updates_committed = table.counters->updates_committed;
    row.rehydration_latency_ms = source.rehydration_latency_ms;
    row.snapshot_records_known = table.counters->snapshot_records_known.get();
    row.snapshot_records_staged = table.counters->snapshot_records_staged.get();
    // Of a table that ceased no snapshot will come.
    row.snapshot_committed = table.counters->snapshot_committed || table.counters->ceased;
    row.offset_known = source.offset_known;
    row.offset_committed = source.offset_committed;
    add_to_source(rows.front(), row);
    rows.push_back(row);
  }
  return rows;
}

std::optional<SlotReport> RunningSource::slot() const {
  return shared_.slot_report();
}

std::optional<SnapshotProgress> RunningSource::snapshot() const {
  return snapshot_progress(shared_.tables(), shared_.counters, upstream_clock_now());
}

void RunningSource::wait_recent(CancelToken& cancel) {
  const auto connection = Connection::open(shared_.connection(), {.purpose = "recency"}, cancel);
  const Lsn target = parse_lsn(connection
                                   ->query("SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN "
                                           "pg_catalog.pg_last_wal_replay_lsn() "
                                           "ELSE pg_catalog.pg_current_wal_lsn() END")
                                   .text(0, 0));
  shared_.counters.offset_known.raise_to(target);
  shared_.wait_progress(cancel, [&] { return shared_.counters.visible_lsn >= target; });
}

bool RunningSource::wait_readable(storage::CollectionId collection,
                                  std::chrono::steady_clock::time_point until,
                                  CancelToken& cancel) {
  bool readable = false;
  shared_.wait_progress(cancel, [&] {
    for (const IngestedTable& table : shared_.tables()) {
      if (table.table->collection != collection) continue;
      readable = table.counters->snapshot_committed || table.counters->ceased;
      return readable || stop_.cancelled() || std::chrono::steady_clock::now() >= until;
    }
    throw SqlError(sqlstate::undefined_table, "the table was dropped");
  });
  return readable;
}

}  // namespace

std::unique_ptr<PostgresSource> PostgresSource::start(SourceConfig config, SourceOptions options) {
  return std::make_unique<RunningSource>(std::move(config), std::move(options));
}

}  // namespace tailrace::replication
