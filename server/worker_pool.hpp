// Threads for calls that block. As many as there are such calls at a time, at most `threads_max`;
// idle ones end after a while.
//
// Tasks beyond the limit wait for a thread. Safe to call from any thread; the destructor waits for
// all tasks.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>

namespace tailrace::server {

class WorkerPool {
 public:
  explicit WorkerPool(std::size_t threads_max) : threads_max_(threads_max) {}
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void run(std::function<void()> task);  // which must not throw
  // Waits until no thread is left, at most this long. No task may come any more.
  bool drain(std::chrono::milliseconds patience);

 private:
  void work();

  const std::size_t threads_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable ended_;
  std::deque<std::function<void()>> tasks_;
  std::size_t threads_ = 0;
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace tailrace::server
