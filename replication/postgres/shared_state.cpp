#include "replication/postgres/shared_state.hpp"

#include <algorithm>
#include <utility>

namespace tailrace::replication {

std::string_view to_string(SourceState state) {
  switch (state) {
    case SourceState::created:
      return "created";
    case SourceState::starting:
      return "starting";
    case SourceState::running:
      return "running";
    case SourceState::paused:
      return "paused";
    case SourceState::stalled:
      return "stalled";
    case SourceState::ceased:
      return "ceased";
    case SourceState::failed:
      return "failed";
    case SourceState::dropped:
      return "dropped";
  }
  return "";
}

void StatusBoard::set(std::optional<storage::CollectionId> table, SourceState state,
                      std::string error, std::string hint) {
  const std::lock_guard lock(mutex_);
  SourceStatusChange& last = last_[table ? table->value : 0];
  if (last.state == state && last.error == error && last.hint == hint) return;
  last = {.table = table, .state = state, .error = std::move(error), .hint = std::move(hint)};
  if (report_) report_(last);
}

void StatusBoard::hint_while_starting(std::string hint) {
  const std::lock_guard lock(mutex_);
  SourceStatusChange& last = last_[0];
  if (last.state != SourceState::starting || last.hint == hint) return;
  last.hint = std::move(hint);
  if (report_) report_(last);
}

bool StatusBoard::is_ceased(storage::CollectionId table) const {
  const std::lock_guard lock(mutex_);
  const auto found = last_.find(table.value);
  return found != last_.end() && found->second.state == SourceState::ceased;
}

void StatusBoard::forget(storage::CollectionId table) {
  const std::lock_guard lock(mutex_);
  last_.erase(table.value);
}

SharedState::SharedState(SourceConfig config, SourceOptions options)
    : source_id(config.source_id),
      publication(config.publication),
      slot(config.slot),
      timeline(config.timeline),
      progress(config.progress),
      store(options.store),
      snapshot_connections(std::max<std::size_t>(options.snapshot_connections, 1)),
      positions(config.source_id),
      memory(options.memory),
      status(std::move(options.on_status)),
      log_(std::move(options.log)),
      connection_(std::move(config.connection)),
      settings_(std::move(config.settings)) {
  const Positions::Totals totals = Positions::totals(store, positions.totals_key());
  counters.messages_received = totals.first;
  counters.bytes_received = totals.second;
  if (const auto lsn = Positions::number(store, positions.lsn_key())) {
    counters.offset_known.set(*lsn);
    counters.offset_committed.set(*lsn);
    counters.visible_lsn = *lsn;
  }
  for (TableExport& table : config.tables) tables_.push_back(ingested(std::move(table)));
}

void SharedState::tell_slot(SlotReport report) {
  const std::lock_guard lock(mutex_);
  slot_report_ = std::move(report);
}

std::optional<SlotReport> SharedState::slot_report() const {
  const std::lock_guard lock(mutex_);
  return slot_report_;
}

IngestedTable SharedState::ingested(TableExport table) const {
  IngestedTable made;
  made.counters = std::make_shared<TableCounters>();
  const Positions::Totals totals = Positions::totals(store, positions.totals_key(table.collection));
  made.counters->updates_staged = totals.first;
  made.counters->updates_committed = totals.second;
  if (const auto record = positions.table(store, table.collection)) {
    made.counters->ceased = !record->ceased.empty();
    made.counters->snapshot_committed = record->ceased.empty();
  }
  made.table = std::make_shared<const TableExport>(std::move(table));
  return made;
}

ConnectionConfig SharedState::connection() const {
  ConnectionConfig connection = connection_();
  connection.application_name = "tailrace " + source_id;
  return connection;
}

void SharedState::connection_altered() {
  const std::lock_guard lock(mutex_);
  ++connection_version_;
  findings_.clear();
}

std::vector<IngestedTable> SharedState::tables() const {
  const std::lock_guard lock(mutex_);
  return tables_;
}

void SharedState::add_table(TableExport table) {
  IngestedTable made = ingested(std::move(table));
  {
    const std::lock_guard lock(mutex_);
    const bool known = std::any_of(tables_.begin(), tables_.end(), [&](const IngestedTable& other) {
      return other.table->collection == made.table->collection;
    });
    if (known) return;
    tables_.push_back(std::move(made));
    ++tables_version_;
  }
  wake.notify();
}

void SharedState::remove_table(storage::CollectionId collection) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(
        tables_, [&](const IngestedTable& other) { return other.table->collection == collection; });
    ++tables_version_;
  }
  status.forget(collection);
  wake.notify();
  notify_progress();
}

std::uint64_t SharedState::tables_version() const {
  const std::lock_guard lock(mutex_);
  return tables_version_;
}

void SharedState::post(Finding finding, std::uint64_t connection_version) {
  {
    const std::lock_guard lock(mutex_);
    if (connection_version != connection_version_) return;
    findings_.push_back(std::move(finding));
  }
  wake.notify();
}

std::vector<Finding> SharedState::take_findings() {
  const std::lock_guard lock(mutex_);
  return std::exchange(findings_, {});
}

void SharedState::notify_progress() {
  { const std::lock_guard lock(progress_mutex_); }
  progressed_.notify_all();
}

void SharedState::wait_progress(CancelToken& cancel, const std::function<bool()>& done) {
  const CancelToken::Registration wake_up(cancel, [this] { progressed_.notify_all(); });
  std::unique_lock lock(progress_mutex_);
  while (!done()) {
    cancel.check();
    // The waker must not take our lock, so a notification may fall between the check and the wait.
    progressed_.wait_for(lock, std::chrono::milliseconds(100));
  }
}

}  // namespace tailrace::replication
