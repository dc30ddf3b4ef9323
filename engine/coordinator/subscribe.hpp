// SUBSCRIBE: the changes of a relation as rows, from a dataflow of its own.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "engine/cluster/cluster.hpp"
#include "engine/coordinator/session.hpp"
#include "storage/store.hpp"

namespace tailrace::engine {

class SubscribeSource final : public RowSource {
 public:
  struct Options {
    Schema schema;  // of the output: mz_timestamp, [mz_progressed], mz_diff, columns
    bool progress = false;
    Timestamp as_of = 0;
    std::vector<OrderKey> order_within;  // of the output's columns; WITHIN TIMESTAMP ORDER BY
    std::optional<Timestamp> up_to;
    std::function<void()> check_dropped = {};  // throws if what is read was dropped
  };
  SubscribeSource(std::unique_ptr<Subscription> subscription, std::shared_ptr<Cluster> cluster,
                  std::shared_ptr<CancelToken> cancel, Options options);
  ~SubscribeSource() override;

  const Schema& schema() const override { return options_.schema; }
  std::optional<Batch> next(std::size_t rows_max) override;
  bool is_streaming() const override { return true; }

  // FETCH: rows that are ready, or that come until `deadline` (none: waits for the first); at most `rows_max`.
  // An empty batch: nothing came in time. Nothing: the end.
  std::optional<Batch> next_until(std::size_t rows_max,
                                  std::optional<std::chrono::steady_clock::time_point> deadline,
                                  CancelToken& cancel);

 private:
  // What `read` gives; why it failed, in the user's words, if what is read was dropped.
  template <class Read>
  auto reading(const Read& read) const {
    try {
      return read();
    } catch (const SqlError& error) {
      if (error.state() == sqlstate::undefined_table && options_.check_dropped)
        options_.check_dropped();
      throw;
    }
  }
  bool take_ready();  // moves what the dataflow has into ready_; true if anything came
  Batch output(const SubscribeBatch& changes) const;
  Batch progress_row(Timestamp time) const;
  Batch pop(std::size_t rows_max);

  std::shared_ptr<Cluster> cluster_;  // outlives the dataflow on it
  std::unique_ptr<Subscription> subscription_;
  std::shared_ptr<CancelToken> cancel_;
  Options options_;
  std::deque<Batch> ready_;
  bool first_ = true;
  bool ended_ = false;
};

}  // namespace tailrace::engine
