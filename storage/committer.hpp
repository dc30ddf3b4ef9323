// The one thread that gives out times: gathers commits, writes and syncs each group once, publishes
// it.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "storage/store_state.hpp"

namespace tailrace::storage {

// At most one group a millisecond, each at max(wall clock, last + 1): so the clock never runs ahead
// of the wall by more than it was behind. When nothing commits it ticks.
class Committer {
 public:
  explicit Committer(StoreState& state);
  ~Committer();  // what was queued is committed first; nothing may be queued any more

  // Waits while the queue is full, and while the compactor cannot keep up with the tails.
  void enqueue(CommitRequest request, std::function<void(CommitOutcome)> done);
  void publish_volatile(CollectionId collection, Delta delta);
  // Wakes who waits for tails to shrink.
  void tails_shrank();

 private:
  struct Pending {
    CommitRequest request;
    std::function<void(CommitOutcome)> done;
    std::string encoded;  // its deltas
    std::size_t bytes = 0;
  };
  using Steady = std::chrono::steady_clock;

  void run();
  void run_group(std::vector<Pending> pending);
  std::vector<Pending> take_group();
  Timestamp next_time();
  // Makes sure that `time` may be shown: synced where the durable ceiling is below it. Not ok: it
  // may not.
  rocksdb::Status reserve(Timestamp time);
  rocksdb::Status sync();
  bool sync_until_done();
  void publish_volatile_deltas(Timestamp time);
  void advance(Timestamp time);

  StoreState& state_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable room_;
  std::deque<Pending> queue_;
  std::size_t queued_bytes_ = 0;
  std::vector<std::pair<CollectionId, Delta>> volatile_;
  bool stopping_ = false;

  // Of the thread alone.
  Timestamp last_time_;
  Timestamp written_ceiling_;
  Timestamp durable_ceiling_;
  std::uint64_t last_wall_ = 0;
  bool wall_went_back_ = false;
  Steady::time_point last_group_{};
  Steady::time_point last_volatile_{};

  std::thread thread_;
};

}  // namespace tailrace::storage
