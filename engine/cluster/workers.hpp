// The threads of a cluster and their one queue.
//
// Tasks run in the order in which they came; pieces of a running task's work go first, and the
// thread that has pieces to do works on them itself, so nothing waits for a free thread.
// Thread-safe.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tailrace::engine {

class Workers {
 public:
  explicit Workers(std::size_t count) { set_count(count); }
  ~Workers();  // finishes what runs; what waits is dropped

  void submit(std::function<void()> task);  // which must not throw
  // 0: tasks wait until there are threads again. Returns when surplus threads have ended.
  void set_count(std::size_t count);
  std::size_t count() const;

  // Calls work(0) ... work(pieces - 1), on the calling thread and on idle ones; returns when all
  // are done. Throws the first exception that one of them threw.
  void parallel(std::size_t pieces, const std::function<void(std::size_t)>& work);

 private:
  void run(std::size_t number);

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::thread> threads_;
  std::size_t wanted_ = 0;
};

}  // namespace tailrace::engine
