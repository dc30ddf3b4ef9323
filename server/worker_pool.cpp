#include "server/worker_pool.hpp"

#include <system_error>
#include <thread>

namespace tailrace::server {

namespace {

constexpr std::chrono::seconds idle_time_max{10};

}  // namespace

WorkerPool::~WorkerPool() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
  ended_.wait(lock, [this] { return threads_ == 0; });
}

void WorkerPool::run(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  if (idle_ >= tasks_.size() || threads_ >= threads_max_) {
    changed_.notify_one();
    return;
  }
  try {
    // Detached: the destructor waits for the count, and no thread touches the pool after that.
    std::thread([this] { work(); }).detach();
    ++threads_;
  } catch (const std::system_error&) {
    // The system gives no more threads: those that there are come to it in time.
    if (threads_ > 0) return;
    tasks_.pop_back();
    throw;
  }
}

bool WorkerPool::drain(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
  return ended_.wait_for(lock, patience, [this] { return threads_ == 0; });
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (tasks_.empty()) {
      if (stopping_) break;
      ++idle_;
      const bool woken =
          changed_.wait_for(lock, idle_time_max, [this] { return !tasks_.empty() || stopping_; });
      --idle_;
      if (!woken) break;
      continue;
    }
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
  --threads_;
  ended_.notify_all();
}

}  // namespace tailrace::server
