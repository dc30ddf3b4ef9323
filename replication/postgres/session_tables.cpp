// Tables that come and go while the stream runs, and the snapshots of those that are new.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "replication/postgres/session.hpp"
#include "replication/postgres/upstream_catalog.hpp"
#include "replication/postgres/upstream_clock.hpp"

namespace tailrace::replication {
namespace {

constexpr std::chrono::seconds snapshot_retry_wait(5);
// For upstream's catalog to be read.
constexpr std::chrono::seconds answer_wait_max(20);

}  // namespace

void Session::take_tables() {
  tables_version_ = shared_.tables_version();
  const std::vector<IngestedTable> wanted = shared_.tables();
  std::vector<storage::CollectionId> gone;
  for (const auto& [collection, table] : tables_) {
    const bool stays = std::any_of(
        wanted.begin(), wanted.end(),
        [&, id = collection](const auto& other) { return other.table->collection == id; });
    if (!stays) gone.push_back(collection);
  }
  if (!gone.empty()) {
    storage::CommitRequest forget;
    for (const storage::CollectionId collection : gone) {
      forget.records.push_back(Positions::erase(shared_.positions.table_key(collection)));
      forget.records.push_back(Positions::erase(shared_.positions.totals_key(collection)));
      forget.records.push_back(Positions::erase(shared_.positions.file_key(collection)));
      forget.records.push_back(Positions::erase(shared_.positions.unpublished_key(collection)));
      TableStream* table = tables_.at(collection).get();
      std::erase(touched_, table);
      std::erase(copied_tables_, table);
      std::erase_if(ceased_, [&](const auto& entry) { return entry.first == table; });
      tables_.erase(collection);
    }
    // The group's other tables keep their changes and go with the position that covers them.
    if (group_transactions_ > 0) flush();
    submit(std::move(forget), {}, 0);
  }
  for (const IngestedTable& table : wanted) {
    const storage::CollectionId collection = table.table->collection;
    // A collection that is not there (yet, or any more) has nothing to be filled.
    if (tables_.contains(collection) || !shared_.store.describe(collection)) continue;
    auto stream = std::make_unique<TableStream>(table.table, table.counters, shared_.store);
    if (const auto record = shared_.positions.table(shared_.store, collection)) {
      const bool ceased = !record->ceased.empty();
      stream->phase = ceased ? TableStream::Phase::ceased : TableStream::Phase::live;
      stream->snapshot_lsn = record->snapshot_lsn;
      if (ceased) shared_.status.set(collection, SourceState::ceased, record->ceased);
    } else if (!shared_.status.is_ceased(collection)) {
      shared_.status.set(collection, SourceState::starting);
    }
    const auto described = descriptions_.find(table.table->upstream.oid);
    if (described != descriptions_.end()) {
      stream->describe(std::get<pgoutput::Relation>(pgoutput::decode(described->second)));
    }
    tables_.emplace(collection, std::move(stream));
  }
  // A table that needs text cannot join a stream of binary values.
  if (stream_ && binary_ && !streams_in_binary()) throw SessionRestart();
  by_oid_.clear();
  last_tables_ = nullptr;
  for (const auto& [collection, table] : tables_) {
    by_oid_[table->table().upstream.oid].push_back(table.get());
  }
}

// All tables that have none yet get theirs together, at one LSN.
void Session::start_snapshot_if_due() {
  if (news_ || snapshot_ || Clock::now() < next_snapshot_) return;
  SnapshotRequest request{.connection = shared_.connection(),
                          .publication = shared_.publication,
                          .store = shared_.store,
                          .connections = shared_.snapshot_connections,
                          .statement_timeout = shared_.settings().snapshot_statement_timeout};
  for (const auto& [collection, table] : tables_) {
    if (table->phase != TableStream::Phase::waiting) continue;
    table->start_copying();
    copied_tables_.push_back(table.get());
    request.tables.push_back({.table = table->shared_table(), .counters = table->counters()});
    if (!shared_.snapshot_failed) shared_.status.set(collection, SourceState::running);
  }
  if (request.tables.empty()) return;
  // The snapshot begins after what was read so far, and before anything that is not kept back from
  // here on.
  shared_.counters.snapshot_began_at = 0;
  news_ = std::make_unique<SnapshotNews>();
  snapshot_cancel_ = std::make_unique<CancelToken>();
  SnapshotNews* news = news_.get();
  request.on_started = [news, &shared = shared_](Lsn lsn) {
    shared.counters.snapshot_began_at = upstream_clock_now();
    const std::lock_guard lock(news->mutex);
    news->lsn = lsn;
    shared.wake.notify();
  };
  snapshot_thread_ = std::jthread(
      [request = std::move(request), news, &shared = shared_, &cancel = *snapshot_cancel_] {
        std::optional<SnapshotOutcome> outcome;
        std::exception_ptr failure;
        try {
          outcome = take_snapshot(request, cancel);
        } catch (...) {
          failure = std::current_exception();
        }
        const std::lock_guard lock(news->mutex);
        news->outcome = std::move(outcome);
        news->failure = failure;
        shared.wake.notify();
      });
}

void Session::take_snapshot_news() {
  if (!news_) return;
  std::exception_ptr failure;
  Lsn lsn = 0;
  bool ended = false;
  {
    const std::lock_guard lock(news_->mutex);
    lsn = news_->lsn;
    failure = news_->failure;
    ended = failure != nullptr || news_->outcome.has_value();
    if (news_->outcome) snapshot_ = std::move(news_->outcome);
  }
  if (lsn != 0) {
    for (TableStream* table : copied_tables_) {
      if (table->snapshot_lsn == 0 && !table->start_at(lsn)) throw SessionRestart();
    }
  }
  if (!ended) return;
  snapshot_thread_.join();
  snapshot_cancel_.reset();
  news_.reset();
  if (!failure) return give_back_rewritten();
  shared_.snapshot_failed = true;
  if (!has_live_tables()) std::rethrow_exception(failure);
  // The other tables go on; these are tried again.
  std::string why = "the snapshot failed";
  try {
    std::rethrow_exception(failure);
  } catch (const UpstreamError& error) {
    why = error.status_text();
  } catch (const SqlError& error) {
    why = error.message();
  }
  for (TableStream* table : std::exchange(copied_tables_, {})) {
    table->clear();
    if (table->phase == TableStream::Phase::ceased) continue;
    table->phase = TableStream::Phase::waiting;
    shared_.status.set(table->collection(), SourceState::stalled, "postgres: " + why);
  }
  next_snapshot_ = Clock::now() + snapshot_retry_wait;
}

// Their snapshot is taken again, at a later LSN; those of the other tables stand.
void Session::give_back_rewritten() {
  std::erase_if(copied_tables_, [this](TableStream* table) {
    if (table->phase != TableStream::Phase::copying || !copied(*table)->rewritten) return false;
    shared_.log(fmt::format(
        "source {}: table {} was truncated or rewritten during its snapshot, which is taken again",
        shared_.source_id, qualified_name(table->table().upstream)));
    table->clear();
    table->phase = TableStream::Phase::waiting;
    return true;
  });
}

const SnapshotOutcome::Table* Session::copied(const TableStream& table) const {
  const auto found =
      std::ranges::find(snapshot_->tables, table.collection(), &SnapshotOutcome::Table::collection);
  ensure(found != snapshot_->tables.end(), "every table that was asked for was copied");
  return &*found;
}

// In one commit: the tables as of their snapshot, and what has come since.
void Session::finish_snapshot_if_due() {
  if (!snapshot_) return;
  for (const TableStream* table : copied_tables_) {
    if (table->phase == TableStream::Phase::copying && position_ < table->snapshot_lsn) return;
  }
  if (group_transactions_ > 0) flush();
  storage::CommitRequest request;
  CommitPipeline::Counts counts;
  const std::string unpublished = fmt::format("{}", fmt::join(snapshot_->unpublished, ","));
  for (TableStream* table : std::exchange(copied_tables_, {})) {
    if (table->phase == TableStream::Phase::ceased) continue;
    const SnapshotOutcome::Table& copy = *copied(*table);
    if (copy.incompatible) {
      cease(*table, *copy.incompatible);
      continue;
    }
    table->set_errors(copy.errors);
    if (auto why = table->resolve(copy.parts)) {
      cease(*table, std::move(*why));
      continue;
    }
    TableStream::Changes later = table->take();
    if (!later.truncated) {
      request.parts.insert(request.parts.end(), copy.parts.begin(), copy.parts.end());
      table->counters()->updates_staged += copy.rows;
      counts.emplace_back(table->counters(), copy.rows);
    }
    // Nothing is visible yet that a truncation would have to take away.
    later.truncated = false;
    add_changes(request, *table, std::move(later), counts);
    request.records.push_back(Positions::put(shared_.positions.table_key(table->collection()),
                                             Positions::copied(table->snapshot_lsn)));
    request.records.push_back(
        Positions::put_number(shared_.positions.file_key(table->collection()), copy.file));
    request.records.push_back(
        Positions::put(shared_.positions.unpublished_key(table->collection()), unpublished));
    table->phase = TableStream::Phase::live;
  }
  snapshot_.reset();
  shared_.snapshot_failed = false;
  add_ceased(request);
  next_position_commit_ = {};
  submit(std::move(request), std::move(counts), 0);
  wait_durable();
  for (const auto& [collection, table] : tables_) {
    if (table->phase == TableStream::Phase::live) table->counters()->snapshot_committed = true;
  }
  report_running();
  shared_.notify_progress();
}

void Session::take_findings() {
  for (Finding& finding : shared_.take_findings()) findings_.push_back(std::move(finding));
  if (in_transaction_) return;
  std::erase_if(findings_, [this](Finding& finding) {
    // What was written before the change is read as it was.
    if (finding.lsn > position_) return false;
    if (!finding.table) throw SourceLost(finding.error);
    const auto found = tables_.find(*finding.table);
    if (found != tables_.end() && found->second->phase != TableStream::Phase::ceased) {
      cease(*found->second, std::move(finding.error));
      flush();
    }
    return true;
  });
}

// What came with a new description of a table does not go on before it was looked at.
void Session::take_answers() {
  for (Inquiries::Answer& answer : shared_.inquiries.take()) {
    if (!answer.failure) continue;
    if (answer.of_source) throw SourceLost(*answer.failure);
    const auto found = tables_.find(answer.table);
    if (found == tables_.end() || !found->second->takes_changes()) continue;
    cease(*found->second, std::move(*answer.failure));
    if (!in_transaction_) flush();
  }
  if (shared_.inquiries.waited() > answer_wait_max) {
    const std::string trouble = shared_.inquiries.trouble();
    throw UpstreamError(sqlstate::connection_failure, "",
                        fmt::format("upstream's catalog could not be read for {} s{}{}",
                                    answer_wait_max.count(), trouble.empty() ? "" : ": ", trouble));
  }
}

void Session::report_running() {
  bool any_live = false;
  bool any_waits = false;
  for (const auto& [collection, table] : tables_) {
    const bool waits =
        table->phase == TableStream::Phase::waiting || table->phase == TableStream::Phase::copying;
    any_live = any_live || table->phase == TableStream::Phase::live;
    any_waits = any_waits || waits;
    if (table->phase == TableStream::Phase::ceased || (waits && shared_.snapshot_failed)) continue;
    shared_.status.set(collection, SourceState::running);
  }
  if (any_live || !any_waits || !shared_.snapshot_failed) {
    shared_.status.set(std::nullopt, SourceState::running);
  }
  if (!any_waits && shared_.counters.rehydration_latency_ms < 0) {
    shared_.counters.rehydration_latency_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - shared_.started)
            .count();
  }
}

}  // namespace tailrace::replication
