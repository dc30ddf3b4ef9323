// The threads that compact in the background: one keeps tails and log short, one merges parts.
//
// Two, so that a long merge does not let the tails grow.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "storage/store_state.hpp"

namespace tailrace::storage {

class Compactor {
 public:
  // `tails_shrank` is called when commits that waited for the tails may go on.
  Compactor(StoreState& state, std::function<void()> tails_shrank);
  ~Compactor();

  // Everything that can be done for the collection, and the log, now. Throws what the disk says.
  void compact_now(Collection& collection);

 private:
  void run(void (Compactor::*pass)(), std::chrono::milliseconds interval);
  void fold_pass();
  void merge_pass();
  // Accounts for the tails in the memory budget; false: there is no room for them all.
  bool charge(std::size_t tail_bytes);
  void bury();
  void cut_log(bool reclaim);
  bool sleep(std::chrono::milliseconds time);  // false: stopping

  StoreState& state_;
  std::function<void()> tails_shrank_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::mutex burying_;
  std::mutex cutting_;
  std::uint64_t cut_ = 0;
  std::chrono::steady_clock::time_point opened_;
  bool pinned_ = true;
  std::size_t charged_bytes_ = 0;  // of the folder's thread
  std::atomic<bool> stopping_{false};
  std::thread folder_;
  std::thread merger_;
};

}  // namespace tailrace::storage
