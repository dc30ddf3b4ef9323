// From gathered changes to commits of the store.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "replication/postgres/session.hpp"
#include "replication/postgres/source_error.hpp"
#include "replication/postgres/upstream_catalog.hpp"

namespace tailrace::replication {
namespace {

// How often the position, the progress collection and the totals are written when there is no data
// to carry them.
constexpr std::chrono::milliseconds position_interval(1000);

}  // namespace

void Session::add_changes(storage::CommitRequest& request, TableStream& table,
                          TableStream::Changes changes, CommitPipeline::Counts& counts) {
  if (changes.empty()) return;
  if (changes.truncated) request.truncate.push_back(table.collection());
  if (!changes.delta.empty()) {
    request.deltas.push_back({.collection = table.collection(), .delta = std::move(changes.delta)});
  }
  for (storage::StagedPart& part : changes.parts) request.parts.push_back(std::move(part));
  table.counters()->updates_staged += changes.updates;
  counts.emplace_back(table.counters(), changes.updates);
}

void Session::add_ceased(storage::CommitRequest& request) {
  for (auto& [table, why] : std::exchange(ceased_, {})) {
    BatchBuilder errors(error_schema().types());
    append_error(errors, definite_error(table->collection(), why), 0, 1);
    Delta delta;
    delta.errors.push_back(std::make_shared<const Batch>(errors.finish()));
    request.deltas.push_back({.collection = table->collection(), .delta = std::move(delta)});
    request.records.push_back(
        Positions::put(shared_.positions.table_key(table->collection()), Positions::ceased(why)));
    table->counters()->ceased = true;
    shared_.status.set(table->collection(), SourceState::ceased, std::move(why));
  }
}

void Session::add_totals(storage::CommitRequest& request) {
  const Positions& positions = shared_.positions;
  request.records.push_back(Positions::put(
      positions.totals_key(), Positions::encode({.first = shared_.counters.messages_received,
                                                 .second = shared_.counters.bytes_received})));
  for (const auto& [collection, table] : tables_) {
    const TableCounters& counters = *table->counters();
    if (table->saved_updates == counters.updates_staged) continue;
    table->saved_updates = counters.updates_staged;
    // What is staged in this very commit is committed with it.
    request.records.push_back(Positions::put(
        positions.totals_key(collection),
        Positions::encode({.first = counters.updates_staged, .second = counters.updates_staged})));
  }
}

void Session::submit(storage::CommitRequest request, CommitPipeline::Counts counts,
                     std::size_t bytes) {
  const auto now = Clock::now();
  if (now >= next_position_commit_) {
    next_position_commit_ = now + position_interval;
    add_totals(request);
    if (shared_.progress.value != 0 && progress_row_ != position_) {
      const Type types[] = {TypeId::uint8};
      BatchBuilder rows(types);
      if (progress_row_) rows.append_row(std::vector<Value>{*progress_row_}, 0, -1);
      rows.append_row(std::vector<Value>{position_}, 0, 1);
      Delta delta;
      delta.rows.push_back(std::make_shared<const Batch>(rows.finish()));
      request.deltas.push_back({.collection = shared_.progress, .delta = std::move(delta)});
      request.records.push_back(Positions::put_number(shared_.positions.progress_key(), position_));
      progress_row_ = position_;
    }
  }
  pipeline_.submit(std::move(request), position_, position_commit_time_, std::move(counts), bytes);
}

bool Session::any_unresolved() const {
  return std::ranges::any_of(touched_,
                             [](const TableStream* table) { return table->is_unresolved(); });
}

// Rows that changes by key change are looked up in the store, where all that came before must be.
void Session::resolve_touched(Resolve resolve) {
  if (!any_unresolved()) return gathering_.looked_up({});
  wait_durable();
  const Clock::time_point began = Clock::now();
  for (TableStream* table : std::vector<TableStream*>(touched_)) {
    auto why = resolve(*table);
    if (!why) continue;
    // Its rows would be wrong: of this group none is taken.
    shared_.log(fmt::format("source {}: table {} cannot go on: {}", shared_.source_id,
                            qualified_name(table->table().upstream), *why));
    table->clear();
    std::erase(touched_, table);
    table->phase = TableStream::Phase::ceased;
    ceased_.emplace_back(table, std::move(*why));
  }
  gathering_.looked_up(Clock::now() - began);
}

void Session::flush() {
  ensure(!in_transaction_, "a transaction is committed whole");
  resolve_touched([](TableStream& table) { return table.resolve(); });
  storage::CommitRequest request;
  CommitPipeline::Counts counts;
  for (TableStream* table : std::exchange(touched_, {})) {
    add_changes(request, *table, table->take(), counts);
  }
  add_ceased(request);
  submit(std::move(request), std::move(counts), group_bytes_);
  group_transactions_ = 0;
  group_bytes_ = 0;
  group_is_large_ = false;
}

void Session::flush_before_transaction() {
  if (group_transactions_ == 0) return;
  resolve_touched([](TableStream& table) { return table.resolve_before_transaction(); });
  storage::CommitRequest request;
  CommitPipeline::Counts counts;
  for (TableStream* table : touched_) {
    add_changes(request, *table, table->take_before_transaction(), counts);
  }
  // Tables whose changes were all of earlier transactions are not in the group any more.
  std::erase_if(touched_, [](const TableStream* table) { return table->empty(); });
  add_ceased(request);
  submit(std::move(request), std::move(counts), group_bytes_);
  group_transactions_ = 0;
  group_bytes_ = 0;
}

void Session::flush_position_if_due() {
  if (group_transactions_ > 0 || position_ == 0 || Clock::now() < next_position_commit_) return;
  const bool progress_is_old = shared_.progress.value != 0 && progress_row_ != position_;
  if (position_ != pipeline_.submitted() || progress_is_old) submit({}, {}, 0);
}

void Session::take_outcomes() {
  const Lsn before = pipeline_.durable();
  pipeline_.take_outcomes();
  if (pipeline_.durable() == before) return;
  shared_.counters.offset_committed.raise_to(pipeline_.durable());
  shared_.counters.offset_known.raise_to(pipeline_.durable());
}

void Session::wait_durable() {
  while (pipeline_.in_flight() > 0) {
    shared_.wake.clear();
    take_outcomes();
    cancel_.check();
    if (pipeline_.in_flight() > 0) stream_->wait_for(stream_->until_confirm(), shared_.wake.fd());
    stream_->confirm(pipeline_.durable());
  }
}

// What has no changes for us is visible as soon as it was read, without a commit.
void Session::update_visible() {
  const bool waits = in_transaction_ || group_transactions_ > 0 || pipeline_.in_flight() > 0;
  const Lsn visible = waits ? pipeline_.durable() : std::max(position_, pipeline_.durable());
  const std::int64_t committed = waits ? pipeline_.durable_commit_time() : position_commit_time_;
  if (committed != 0) shared_.counters.visible_commit_time = committed;
  if (visible <= shared_.counters.visible_lsn) return;
  shared_.counters.visible_lsn = visible;
  shared_.notify_progress();
}

}  // namespace tailrace::replication
