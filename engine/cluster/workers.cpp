#include "engine/cluster/workers.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>

namespace tailrace::engine {

Workers::~Workers() {
  {
    std::lock_guard lock(mutex_);
    tasks_.clear();
  }
  set_count(0);
}

void Workers::submit(std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void Workers::set_count(std::size_t count) {
  std::vector<std::thread> ending;
  {
    std::lock_guard lock(mutex_);
    wanted_ = count;
    while (threads_.size() > count) {
      ending.push_back(std::move(threads_.back()));
      threads_.pop_back();
    }
    while (threads_.size() < count) {
      threads_.emplace_back([this, number = threads_.size()] { run(number); });
    }
  }
  wake_.notify_all();
  for (std::thread& thread : ending) thread.join();
}

std::size_t Workers::count() const {
  std::lock_guard lock(mutex_);
  return wanted_;
}

void Workers::run(std::size_t number) {
  while (true) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return number >= wanted_ || !tasks_.empty(); });
      if (number >= wanted_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

void Workers::parallel(std::size_t pieces, const std::function<void(std::size_t)>& work) {
  if (pieces == 0) return;
  struct Shared {
    std::function<void(std::size_t)> work;
    std::size_t pieces;
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::condition_variable all_done;
    std::size_t done = 0;
    std::exception_ptr error;
  };
  auto shared = std::make_shared<Shared>();
  shared->work = work;
  shared->pieces = pieces;
  const auto help = [](Shared& state) {
    for (std::size_t i; (i = state.next.fetch_add(1)) < state.pieces;) {
      std::exception_ptr error;
      try {
        state.work(i);
      } catch (...) {  // carried to the thread that asked
        error = std::current_exception();
      }
      std::lock_guard lock(state.mutex);
      if (error && !state.error) state.error = error;
      if (++state.done == state.pieces) state.all_done.notify_all();
    }
  };
  {
    std::lock_guard lock(mutex_);
    const std::size_t helpers = std::min(pieces, std::max<std::size_t>(wanted_, 1)) - 1;
    for (std::size_t i = 0; i < helpers; ++i) tasks_.push_front([shared, help] { help(*shared); });
  }
  wake_.notify_all();
  help(*shared);
  std::unique_lock lock(shared->mutex);
  shared->all_done.wait(lock, [&] { return shared->done == shared->pieces; });
  if (shared->error) std::rethrow_exception(shared->error);
}

}  // namespace tailrace::engine
