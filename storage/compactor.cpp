#include "storage/compactor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "storage/compaction.hpp"

namespace tailrace::storage {

namespace {

using std::chrono::milliseconds;

constexpr auto fold_interval = milliseconds(50);
constexpr auto merge_interval = milliseconds(500);
constexpr auto retry_interval = milliseconds(1000);
constexpr auto pin_duration = std::chrono::minutes(1);
constexpr std::size_t join_runs_min = 64;
constexpr std::size_t log_bytes_max = 64 << 20;  // what a start has to replay
constexpr std::size_t cut_bytes_min = 4 << 20;   // of one cut
constexpr double memory_pressure_high = 0.8;

}  // namespace

Compactor::Compactor(StoreState& state, std::function<void()> tails_shrank)
    : state_(state),
      tails_shrank_(std::move(tails_shrank)),
      opened_(std::chrono::steady_clock::now()),
      folder_([this] { run(&Compactor::fold_pass, fold_interval); }),
      merger_([this] { run(&Compactor::merge_pass, merge_interval); }) {}

Compactor::~Compactor() {
  stopping_ = true;
  { std::lock_guard lock(mutex_); }
  changed_.notify_all();
  folder_.join();
  merger_.join();
  charge(0);
}

bool Compactor::sleep(milliseconds time) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, time, [&] { return stopping_.load(); });
}

void Compactor::run(void (Compactor::*pass)(), milliseconds interval) {
  bool warned = false;
  while (sleep(interval)) {
    try {
      (this->*pass)();
      warned = false;
    } catch (const SqlError& error) {
      if (!warned) state_.warn(fmt::format("compaction waits: {}", error.message()));
      warned = true;
      // Commits must not wait for what does not happen; they meet the same disk and say so.
      state_.tails_behind = false;
      tails_shrank_();
      if (!sleep(retry_interval)) return;
    }
  }
}

void Compactor::fold_pass() {
  if (pinned_ && std::chrono::steady_clock::now() - opened_ > pin_duration) {
    pinned_ = false;
    for (const auto& collection : state_.collections.all()) collection->set_since_pinned(false);
  }
  bury();
  auto collections = state_.collections.all();
  const std::size_t tail_max = state_.options.tail_bytes_max;
  auto total_tail = [&] {
    std::size_t total = 0;
    for (const auto& collection : collections) {
      if (collection->kind() != CollectionKind::volatile_) total += collection->tail_bytes();
    }
    return total;
  };
  auto report = [&] {
    const std::size_t total = total_tail();
    state_.tails_behind = total > tail_max + tail_max / 2;
    if (!state_.tails_behind) tails_shrank_();
    return total;
  };
  report();
  for (const auto& collection : collections) {
    if (collection->tail_run_count() >= join_runs_min)
      join_tail(state_, *collection, JoinWhat::worthwhile);
  }
  std::erase_if(collections, [](const CollectionPtr& collection) {
    return collection->kind() == CollectionKind::volatile_;
  });

  // 1. Single tails that have grown long: reads go through them from end to end.
  for (const auto& collection : collections) {
    if (collection->tail_bytes() > tail_max / 8 && !stopping_) fold_tail(state_, *collection);
  }
  // 2. All of them together, largest first.
  const bool pressed =
      !charge(total_tail()) || (state_.options.memory != nullptr &&
                                state_.options.memory->pressure() > memory_pressure_high);
  std::ranges::sort(collections, std::ranges::greater(),
                    [](const CollectionPtr& collection) { return collection->tail_bytes(); });
  const std::size_t wanted = pressed ? tail_max / 8 : tail_max / 2;
  for (const auto& collection : collections) {
    if (stopping_ || report() <= wanted) break;
    fold_tail(state_, *collection);
  }
  // 3. Whoever keeps the log long, oldest first.
  std::ranges::sort(collections, {}, [](const CollectionPtr& collection) {
    return collection->first_unfolded().value_or(UINT64_MAX);
  });
  const std::size_t log_max = std::min(log_bytes_max, tail_max);
  for (const auto& collection : collections) {
    const auto oldest = collection->first_unfolded();
    if (stopping_ || !oldest || state_.log->bytes() - state_.log->bytes_before(*oldest) <= log_max)
      break;
    fold_tail(state_, *collection);
  }
  charge(total_tail());
  cut_log(false);
}

bool Compactor::charge(std::size_t tail_bytes) {
  MemoryBudget* memory = state_.options.memory;
  if (memory == nullptr) return true;
  if (tail_bytes > charged_bytes_) {
    if (!memory->try_charge(tail_bytes - charged_bytes_)) return false;
  } else {
    memory->release(charged_bytes_ - tail_bytes);
  }
  charged_bytes_ = tail_bytes;
  return true;
}

void Compactor::merge_pass() {
  for (const auto& collection : state_.collections.all()) {
    if (collection->kind() == CollectionKind::volatile_) continue;
    while (!stopping_ && merge_parts(state_, *collection, MergeWhat::worthwhile, stopping_)) {
    }
  }
}

void Compactor::bury() {
  std::lock_guard lock(burying_);
  for (const PartId part : state_.graveyard->take()) state_.parts->remove(part);
}

void Compactor::cut_log(bool reclaim) {
  std::lock_guard lock(cutting_);
  // The log's own word first: what it calls published by then is in the tails that are asked next.
  std::uint64_t needed = state_.log->first_unpublished();
  for (const auto& collection : state_.collections.all()) {
    if (const auto first = collection->first_unfolded()) needed = std::min(needed, *first);
  }
  if (!reclaim &&
      (needed <= cut_ || state_.log->bytes_before(needed) <
                             std::min(cut_bytes_min, state_.options.tail_bytes_max / 8))) {
    return;
  }
  state_.log->cut(needed, reclaim);
  cut_ = needed;
}

void Compactor::compact_now(Collection& collection) {
  if (collection.kind() == CollectionKind::volatile_) {
    join_tail(state_, collection, JoinWhat::all);
    return;
  }
  fold_tail(state_, collection);
  merge_parts(state_, collection, MergeWhat::all, stopping_);
  bury();
  cut_log(true);
}

}  // namespace tailrace::storage
