// Commits on their way to the store, in order, each naming the position that the one before it
// leaves.
//
// One fails: all behind it fail, for their precondition does not hold; nothing of them is written.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "replication/postgres/counters.hpp"
#include "replication/postgres/event_fd.hpp"
#include "replication/postgres/positions.hpp"
#include "storage/store.hpp"

namespace tailrace::replication {

class CommitPipeline {
 public:
  // Updates per table, for the counters once they are durable.
  using Counts = std::vector<std::pair<std::shared_ptr<TableCounters>, std::uint64_t>>;

  // `wake` is notified as commits become durable.
  CommitPipeline(storage::Store& store, std::string position_key, EventFd& wake);
  ~CommitPipeline();  // waits for what is on its way

  // Starts from the position that the store has.
  std::optional<Lsn> load();
  // `commit_time`: upstream's, of the newest transaction at or below `position`; 0: not known.
  void submit(storage::CommitRequest request, Lsn position, std::int64_t commit_time, Counts counts,
              std::size_t bytes);

  // Looks at what has become durable; throws the first failure.
  void take_outcomes();
  Lsn submitted() const { return submitted_.value_or(0); }
  Lsn durable() const { return durable_; }
  std::int64_t durable_commit_time() const { return durable_commit_time_; }
  std::size_t in_flight() const { return in_flight_.size(); }
  bool is_full() const;

 private:
  struct InFlight {
    Lsn position = 0;
    std::int64_t commit_time = 0;
    Counts counts;
    std::size_t bytes = 0;
  };
  struct Outcomes;

  storage::Store& store_;
  std::string position_key_;
  std::shared_ptr<Outcomes> outcomes_;
  std::deque<InFlight> in_flight_;
  std::size_t in_flight_bytes_ = 0;
  std::optional<Lsn> submitted_;
  Lsn durable_ = 0;
  std::int64_t durable_commit_time_ = 0;
};

}  // namespace tailrace::replication
