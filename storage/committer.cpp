#include "storage/committer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "storage/byte_codec.hpp"
#include "storage/commit_group.hpp"
#include "storage/fault_point.hpp"
#include "storage/keys.hpp"

namespace tailrace::storage {

namespace {

using std::chrono::milliseconds;

// What may wait for the committer, and what one group takes of it.
constexpr std::size_t queue_bytes_max = 64 << 20;
constexpr std::size_t group_bytes_max = 32 << 20;
// How far the durable ceiling is put above a time that is about to be shown: rare writes when idle,
// and after a crash the clock is ahead of the wall for that long at most.
constexpr Timestamp ceiling_lead_ms = 3000;
constexpr auto sync_retry_interval = milliseconds(200);

}  // namespace

Committer::Committer(StoreState& state)
    : state_(state),
      last_time_(state.progress.latest_time()),
      written_ceiling_(last_time_),
      durable_ceiling_(last_time_),
      thread_([this] { run(); }) {}

Committer::~Committer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  room_.notify_all();
  thread_.join();
}

void Committer::enqueue(CommitRequest request, std::function<void(CommitOutcome)> done) {
  Pending pending{.request = std::move(request), .done = std::move(done)};
  pending.encoded = encode_deltas(pending.request.deltas);
  pending.bytes = pending.encoded.size() + 1;
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] {
      const bool tails_full = state_.tails_behind.load() && !pending.encoded.empty();
      return stopping_ || (queued_bytes_ < queue_bytes_max && !tails_full);
    });
    queued_bytes_ += pending.bytes;
    queue_.push_back(std::move(pending));
  }
  work_.notify_one();
}

void Committer::publish_volatile(CollectionId collection, Delta delta) {
  std::lock_guard lock(mutex_);
  volatile_.emplace_back(collection, std::move(delta));
}

void Committer::tails_shrank() {
  { std::lock_guard lock(mutex_); }
  room_.notify_all();
}

void Committer::run() {
  const auto tick = milliseconds(state_.options.tick_ms);
  last_group_ = Steady::now();
  last_volatile_ = last_group_;
  for (;;) {
    std::vector<Pending> pending;
    {
      std::unique_lock lock(mutex_);
      auto woken = [&] { return stopping_ || !queue_.empty(); };
      if (tick.count() == 0) {
        work_.wait(lock, woken);
      } else {
        work_.wait_until(lock, last_group_ + tick, woken);
      }
      if (stopping_ && queue_.empty()) return;
    }
    // Pacing: what comes meanwhile joins the group.
    if (state_.options.wall_clock() <= last_time_) {
      std::this_thread::sleep_until(last_group_ + milliseconds(1));
    }
    {
      std::lock_guard lock(mutex_);
      pending = take_group();
    }
    room_.notify_all();
    run_group(std::move(pending));
  }
}

std::vector<Committer::Pending> Committer::take_group() {
  std::vector<Pending> group;
  std::size_t bytes = 0;
  while (!queue_.empty() && (group.empty() || bytes + queue_.front().bytes <= group_bytes_max)) {
    bytes += queue_.front().bytes;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queued_bytes_ -= bytes;
  return group;
}

Timestamp Committer::next_time() {
  const std::uint64_t wall = state_.options.wall_clock();
  if (wall < last_wall_ && wall <= last_time_) {
    if (!wall_went_back_) {
      state_.warn(
          fmt::format("the wall clock stepped back by {} ms: time advances by 1 ms a commit until "
                      "it catches up",
                      last_wall_ - wall));
    }
    wall_went_back_ = true;
  } else if (wall > last_time_) {
    wall_went_back_ = false;
  }
  last_wall_ = wall;
  return std::max(wall, last_time_ + 1);
}

rocksdb::Status Committer::reserve(Timestamp time) {
  rocksdb::Status status;
  if (time + ceiling_lead_ms / 2 > written_ceiling_) {
    std::string value;
    put_u64(value, time + ceiling_lead_ms);
    rocksdb::WriteBatch batch;
    status = batch.Put(state_.database->meta(),
                       rocksdb::Slice(clock_ceiling_key.data(), clock_ceiling_key.size()), value);
    if (status.ok()) status = state_.database->write(batch);
    if (status.ok()) written_ceiling_ = time + ceiling_lead_ms;
  }
  // Most often some commit's sync has made it durable by now.
  if (status.ok() && time > durable_ceiling_) status = sync();
  return status;
}

rocksdb::Status Committer::sync() {
  const Timestamp ceiling = written_ceiling_;
  rocksdb::Status status;
  if (state_.options.sync) status = state_.database->sync();
  if (status.ok()) durable_ceiling_ = ceiling;
  return status;
}

bool Committer::sync_until_done() {
  for (;;) {
    const auto status = sync();
    if (status.ok()) return true;
    state_.warn(fmt::format("commits wait: could not sync: {}", status.ToString()));
    std::unique_lock lock(mutex_);
    if (work_.wait_for(lock, sync_retry_interval, [&] { return stopping_; })) return false;
  }
}

void Committer::advance(Timestamp time) {
  last_time_ = time;
  state_.progress.set_latest_time(time);
  state_.progress.notify();
  state_.progress.notify_watchers();
}

void Committer::publish_volatile_deltas(Timestamp time) {
  const auto now = Steady::now();
  if (now - last_volatile_ < milliseconds(state_.options.tick_ms)) return;
  last_volatile_ = now;
  std::vector<std::pair<CollectionId, Delta>> deltas;
  {
    std::lock_guard lock(mutex_);
    deltas.swap(volatile_);
  }
  for (const auto& [id, delta] : deltas) {
    const CollectionPtr collection = state_.collections.find(id);
    if (!collection) continue;
    std::vector<TailRunPtr> runs;
    for (const auto& batch : delta.rows) {
      runs.push_back(
          make_tail_run(std::make_shared<const Batch>(batch->with_time(time)), false, 0));
    }
    for (const auto& batch : delta.errors) {
      runs.push_back(make_tail_run(std::make_shared<const Batch>(batch->with_time(time)), true, 0));
    }
    collection->publish(std::move(runs), nullptr, {}, time);
  }
}

void Committer::run_group(std::vector<Pending> pending) {
  last_group_ = Steady::now();
  const Timestamp time = next_time();
  std::vector<CommitOutcome> outcomes(pending.size(), CommitOutcome{.time = time});
  CommitGroup group(state_, time);

  std::optional<SqlError> failure;
  if (const auto status = reserve(time); !status.ok()) failure = error_of(status, "commit");
  bool all_replicated = true;
  if (!failure) {
    for (std::size_t i = 0; i < pending.size(); ++i) {
      all_replicated = all_replicated && pending[i].request.replicated;
      if (auto refused = group.add(pending[i].request, pending[i].encoded)) {
        outcomes[i] = std::move(*refused);
      }
    }
    if (!group.empty()) failure = group.write();
  }
  if (failure) {
    for (CommitOutcome& outcome : outcomes) {
      if (!outcome.conflict && !outcome.error) outcome = {.error = failure};
    }
    if (pending.empty()) state_.warn(fmt::format("the clock stands still: {}", failure->message()));
  } else {
    const bool publish_first =
        !group.empty() && all_replicated && state_.options.deferred_replicated_sync;
    auto publish = [&] {
      group.publish();
      publish_volatile_deltas(time);
      advance(time);
    };
    if (publish_first) publish();
    if (!group.empty() && !sync_until_done()) {
      for (CommitOutcome& outcome : outcomes) {
        if (outcome.conflict || outcome.error) continue;
        outcome = {.error =
                       SqlError(sqlstate::io_error,
                                "the store stopped before the commit was known to be durable")};
      }
    }
    fault_point("commit_synced");
    if (!publish_first) publish();
    fault_point("commit_published");
  }
  for (std::size_t i = 0; i < pending.size(); ++i) pending[i].done(std::move(outcomes[i]));
}

}  // namespace tailrace::storage
