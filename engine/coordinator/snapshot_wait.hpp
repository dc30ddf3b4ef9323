// Tells a session that waits for a table's first snapshot how far it is: after some seconds, and then ever less often.
//
// Not for several threads.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "replication/postgres/source.hpp"

namespace tailrace::engine {

class SnapshotWait {
 public:
  using Clock = std::chrono::steady_clock;
  // What is told, in one line each; without it nothing is.
  using Tell = std::function<void(std::string)>;

  explicit SnapshotWait(Tell tell) : tell_(std::move(tell)) {}

  Clock::time_point next() const { return next_; }
  // If it is time. `source`: nothing where none is running.
  void tell(const std::string& table, const std::string& source_name,
            const replication::PostgresSource* source);

 private:
  Tell tell_;
  std::chrono::seconds interval_{3};
  Clock::time_point next_ = Clock::now() + interval_;
};

// "42% of about 5000000 rows have been read, about 00:00:12 left".
std::string describe(const replication::SnapshotProgress& progress);

}  // namespace tailrace::engine
