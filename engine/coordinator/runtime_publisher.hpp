// Publishes what the process knows about itself, once a second: statistics, frontiers, hydration, sessions; and metrics.
//
// Relations get differences only, together with a tick of the clock. One thread.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "catalog/builtin/relation.hpp"
#include "engine/coordinator/environment.hpp"

namespace tailrace::engine {

class Coordinator;

class RuntimePublisher {
 public:
  explicit RuntimePublisher(Coordinator& coordinator);
  ~RuntimePublisher();

  void start();
  std::vector<Environment::Metric> metrics() const;

 private:
  void run();
  void publish();
  void publish_rows(const catalog::BuiltinTable& table, Batch rows);
  void publish_statistics();
  void publish_slots();
  void publish_snapshots();
  void publish_frontiers();
  void publish_hydration();
  void publish_egress_addresses();

  Coordinator& coordinator_;
  std::map<std::uint64_t, Batch> published_;  // by the table's id
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tailrace::engine
