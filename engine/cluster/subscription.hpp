// A SUBSCRIBE's queue: filled by a dataflow, emptied by one reader, bounded in bytes.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "engine/cluster/cluster.hpp"
#include "engine/cluster/sink.hpp"

namespace tailrace::engine {

// A reader that is slower than the changes is cut off before it can fill the memory.
inline constexpr std::size_t subscription_backlog_bytes_max = 64 << 20;

class SubscriptionQueue {
 public:
  void add(SubscribeBatch batch, bool may_exceed);
  void fail(DataError why);
  std::optional<SubscribeBatch>
  poll();  // throws what `fail` was given, after all that came before it
  void wait(CancelToken& cancel);
  void on_progress(std::function<void()> wake);
  void close();  // the reader is gone
  bool closed() const;
  std::size_t bytes() const;

 private:
  void wake();

  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<SubscribeBatch> batches_;
  std::size_t bytes_ = 0;
  std::optional<DataError> error_;
  std::shared_ptr<const std::function<void()>> wake_;
  bool closed_ = false;
};

class SubscriptionSink final : public Sink {
 public:
  SubscriptionSink(std::shared_ptr<SubscriptionQueue> queue, bool snapshot,
                   std::optional<Timestamp> up_to)
      : queue_(std::move(queue)), snapshot_(snapshot), up_to_(up_to) {}

  void hydrate(StepChanges contents, Workers* workers) override;
  void append(StepChanges changes, Workers* workers) override;
  void stop(const DataError& why) override { queue_->fail(why); }
  bool finished() const override { return finished_ || queue_->closed(); }
  std::size_t memory_bytes() const override { return queue_->bytes(); }

 private:
  void give(StepChanges changes, bool may_exceed);

  std::shared_ptr<SubscriptionQueue> queue_;
  bool snapshot_;
  std::optional<Timestamp> up_to_;
  std::vector<Batch> errors_;  // consolidated: not empty means that the contents are an error
  bool finished_ = false;
};

}  // namespace tailrace::engine
