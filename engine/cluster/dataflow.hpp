// One maintained plan on a cluster: inputs, graph and sink, driven in turns on the cluster's
// workers.
//
//   waiting for inputs ──▶ hydrating, in turns of some milliseconds ──▶ stepping, whenever inputs
//   have moved on
//                    └───────────────────┴──▶ stopped, by an error that its status tells ◀──┘
//
// A turn runs on one thread at a time. Thread-safe from outside.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/cluster/cluster.hpp"
#include "engine/cluster/dataflow_inputs.hpp"
#include "engine/cluster/sink.hpp"
#include "engine/cluster/workers.hpp"

namespace tailrace::engine {

class Dataflow : public std::enable_shared_from_this<Dataflow> {
 public:
  struct Description {
    std::string name;  // for errors: "materialized view u12"
    PlanPtr plan;
    std::optional<Timestamp> as_of;  // none: the latest time that the inputs have reached
    bool exactly_as_of = false;      // a later beginning is an error
    std::unique_ptr<Sink> sink;
  };
  // What a dataflow needs of its cluster. Outlives it.
  struct Surroundings {
    storage::Store& store;
    std::shared_ptr<Workers> workers;
    MemoryBudget* memory = nullptr;
    DataflowInputs::FindIndexOn find_index_on;
    // An index on a collection by this key, hydrated; null: there is none.
    Graph::FindShared find_shared;
    std::function<void(std::string_view)> log;
  };

  // Holds the stored inputs at `as_of` from here on.
  Dataflow(Description description, const Surroundings& surroundings);

  // There may be something to do: a turn is queued, unless one is already.
  void schedule();
  // No turn runs any more when this returns; what it holds is let go.
  void end();
  DataflowStatus status() const;
  bool waits_for_inputs() const { return !opened_.load(); }

 private:
  struct SharedUse {
    std::shared_ptr<SharedArrangement> arrangement;
    std::unique_ptr<SharedArrangement::Hold> hold;  // until the operator has its own
  };
  void turn();
  bool work();  // true: there is more to do at once
  bool open();
  bool hydrate_some();
  bool step();
  void choose_step_bytes(std::size_t taken_bytes, std::chrono::steady_clock::duration took);
  void charge_memory();
  void stop(const SqlError& error);
  void finish_step(Timestamp upper, std::chrono::steady_clock::time_point begin);

  Description description_;
  const Surroundings& surroundings_;
  std::unique_ptr<MemoryBudget> budget_;
  std::unique_ptr<MemoryCharge> charge_;

  enum class Turn : std::uint8_t { idle, queued, running, running_again };
  std::atomic<Turn> turn_state_{Turn::idle};
  std::mutex turn_mutex_;  // held by the turn; `end` takes it
  bool ended_ = false;
  std::atomic<bool> ending_{false};
  std::atomic<bool> opened_{false};

  // Of the turn:
  std::vector<storage::ReadHoldPtr> first_holds_;  // until the inputs are open
  std::shared_ptr<std::function<void()>> wake_;
  std::unique_ptr<DataflowInputs> inputs_;
  std::unique_ptr<Graph> graph_;
  std::vector<SharedUse> shared_;
  Collector* output_ = nullptr;
  bool hydrating_ = false;
  bool hydrated_ = false;
  std::size_t step_bytes_ = 4 << 10;
  Timestamp lower_ = 0;
  Timestamp next_due_ = timestamp_max;

  mutable std::mutex status_mutex_;
  DataflowStatus status_;
};

}  // namespace tailrace::engine
