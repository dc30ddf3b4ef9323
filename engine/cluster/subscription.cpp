#include "engine/cluster/subscription.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "repr/order.hpp"

namespace tailrace::engine {

void SubscriptionQueue::wake() {
  filled_.notify_all();
  std::shared_ptr<const std::function<void()>> wake;
  {
    std::lock_guard lock(mutex_);
    wake = wake_;
  }
  if (wake) (*wake)();
}

void SubscriptionQueue::add(SubscribeBatch batch, bool may_exceed) {
  {
    std::lock_guard lock(mutex_);
    const std::size_t bytes = batch.rows.empty() ? 0 : batch.rows.memory_bytes();
    // The contents at the beginning may be large: they count once the reader has begun to take
    // them.
    if (!may_exceed && bytes_ > 0 && bytes_ + bytes > subscription_backlog_bytes_max) {
      throw SqlError(sqlstate::configuration_limit_exceeded, "the subscriber is too slow")
          .detail(fmt::format("More than {} MiB of changes wait to be read.",
                              subscription_backlog_bytes_max >> 20))
          .hint("Read faster, or subscribe again from the last time that was read.");
    }
    if (!batches_.empty() && batch.rows.empty()) {
      batches_.back().upper = batch.upper;  // progress alone joins what waits already
    } else {
      bytes_ += bytes;
      batches_.push_back(std::move(batch));
    }
  }
  wake();
}

void SubscriptionQueue::fail(DataError why) {
  {
    std::lock_guard lock(mutex_);
    error_ = std::move(why);
  }
  wake();
}

std::optional<SubscribeBatch> SubscriptionQueue::poll() {
  std::lock_guard lock(mutex_);
  if (batches_.empty()) {
    if (error_) throw error_->to_sql_error();
    return std::nullopt;
  }
  SubscribeBatch batch = std::move(batches_.front());
  batches_.pop_front();
  if (!batch.rows.empty()) bytes_ -= batch.rows.memory_bytes();
  return batch;
}

void SubscriptionQueue::wait(CancelToken& cancel) {
  const CancelToken::Registration registration(cancel, [this] {
    std::lock_guard lock(mutex_);
    filled_.notify_all();
  });
  std::unique_lock lock(mutex_);
  filled_.wait(lock, [&] { return !batches_.empty() || error_ || cancel.cancelled(); });
  if (batches_.empty() && !error_) cancel.raise();
}

void SubscriptionQueue::on_progress(std::function<void()> wake) {
  std::lock_guard lock(mutex_);
  wake_ = std::make_shared<const std::function<void()>>(std::move(wake));
}

void SubscriptionQueue::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  wake_ = nullptr;
  batches_.clear();
}

bool SubscriptionQueue::closed() const {
  std::lock_guard lock(mutex_);
  return closed_;
}

std::size_t SubscriptionQueue::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

void SubscriptionSink::hydrate(StepChanges contents, Workers*) {
  if (!snapshot_) contents.rows.clear();
  contents.lower = contents.upper - 1;
  give(std::move(contents), true);
}

void SubscriptionSink::append(StepChanges changes, Workers*) {
  give(std::move(changes), false);
}

void SubscriptionSink::give(StepChanges changes, bool may_exceed) {
  if (finished_) return;
  if (!changes.errors.empty()) {
    // An error that comes and goes within the step stands at some time all the same.
    for (const auto& [time, errors] : split_by_time(changes.errors)) {
      if (up_to_ && time >= *up_to_) break;
      errors_.push_back(errors.with_time(0));
      Batch all = consolidate(concatenate(errors_));
      errors_.clear();
      if (all.empty()) continue;
      finished_ = true;
      return queue_->fail(error_at(all, 0));
    }
  }
  SubscribeBatch batch{.lower = changes.lower, .upper = changes.upper};
  if (up_to_ && batch.upper >= *up_to_) {
    batch.upper = *up_to_;
    finished_ = true;
  }
  Batch rows = consolidated(changes.rows);
  if (!rows.empty()) {
    std::vector<std::uint32_t> order;
    for (std::uint32_t row = 0; row < rows.rows; ++row) {
      if (rows.times[row] < batch.upper) order.push_back(row);
    }
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return rows.times[a] < rows.times[b];
    });
    batch.rows = gather(rows, order);
  }
  queue_->add(std::move(batch), may_exceed);
}

}  // namespace tailrace::engine
