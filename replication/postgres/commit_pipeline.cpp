#include "replication/postgres/commit_pipeline.hpp"

#include <fmt/format.h>

#include <condition_variable>

namespace tailrace::replication {
namespace {

// Bounds of what may be on its way; above them the stream is not read.
constexpr std::size_t in_flight_max = 16;
constexpr std::size_t in_flight_bytes_max = 64 << 20;

}  // namespace

// Outlives the pipeline in callbacks of the store.
struct CommitPipeline::Outcomes {
  explicit Outcomes(EventFd& wake) : wake(&wake) {}
  std::mutex mutex;
  std::condition_variable arrived;
  std::deque<storage::CommitOutcome> queue;
  EventFd* wake;
};

CommitPipeline::CommitPipeline(storage::Store& store, std::string position_key, EventFd& wake)
    : store_(store),
      position_key_(std::move(position_key)),
      outcomes_(std::make_shared<Outcomes>(wake)) {}

CommitPipeline::~CommitPipeline() {
  std::unique_lock lock(outcomes_->mutex);
  outcomes_->arrived.wait(lock, [this] { return outcomes_->queue.size() == in_flight_.size(); });
}

std::optional<Lsn> CommitPipeline::load() {
  submitted_ = Positions::number(store_, position_key_);
  durable_ = submitted_.value_or(0);
  return submitted_;
}

void CommitPipeline::submit(storage::CommitRequest request, Lsn position, std::int64_t commit_time,
                            Counts counts, std::size_t bytes) {
  storage::RecordChange expected = Positions::erase(position_key_);
  if (submitted_) expected.value = std::to_string(*submitted_);
  request.preconditions.records.push_back(std::move(expected));
  request.records.push_back(Positions::put_number(position_key_, position));
  request.replicated = true;
  submitted_ = position;
  in_flight_bytes_ += bytes;
  in_flight_.push_back({.position = position,
                        .commit_time = commit_time,
                        .counts = std::move(counts),
                        .bytes = bytes});
  store_.commit_async(std::move(request), [outcomes = outcomes_](storage::CommitOutcome outcome) {
    const std::lock_guard lock(outcomes->mutex);
    outcomes->queue.push_back(std::move(outcome));
    outcomes->wake->notify();
    outcomes->arrived.notify_all();
  });
}

void CommitPipeline::take_outcomes() {
  std::deque<storage::CommitOutcome> taken;
  {
    const std::lock_guard lock(outcomes_->mutex);
    taken.swap(outcomes_->queue);
  }
  std::optional<SqlError> failure;
  for (storage::CommitOutcome& outcome : taken) {
    InFlight done = std::move(in_flight_.front());
    in_flight_.pop_front();
    in_flight_bytes_ -= done.bytes;
    if (!outcome.conflict && !outcome.error) {
      durable_ = done.position;
      durable_commit_time_ = done.commit_time;
      for (const auto& [counters, updates] : done.counts) counters->updates_committed += updates;
    } else if (!failure) {
      failure =
          outcome.error
              ? *outcome.error
              : SqlError(sqlstate::object_in_use,
                         fmt::format("the position of the source was moved by another writer: {}",
                                     outcome.conflict->detail));
    }
  }
  if (failure) throw *failure;
}

bool CommitPipeline::is_full() const {
  return in_flight_.size() >= in_flight_max || in_flight_bytes_ >= in_flight_bytes_max;
}

}  // namespace tailrace::replication
