// What a statement must still do outside after its commit: drop a replication slot.
//
// An intent is a record written in the statement's own commit and removed once it is carried out; a worker tries again
// until then, across restarts. Its work is idempotent: a slot that is gone already is fine.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/coordinator/aws/endpoint_path.hpp"
#include "replication/postgres/config.hpp"
#include "storage/store.hpp"

namespace tailrace::engine {

class Coordinator;

class IntentWorker {
 public:
  explicit IntentWorker(Coordinator& coordinator);
  ~IntentWorker();

  void start();
  void wake();

  // Whether a slot has still to be dropped through this PrivateLink connection.
  bool needs_endpoint(catalog::ItemId connection) const;

  // The record to add to the commit that drops a source. The connection's secrets are sealed in it, because the
  // connection and its secrets may be dropped in the same statement. `endpoint`: what it goes through.
  static storage::RecordChange drop_slot(const Coordinator& coordinator,
                                         const std::string& source_id,
                                         const replication::ConnectionConfig& connection,
                                         const std::string& slot,
                                         const std::optional<EndpointPath>& endpoint);

 private:
  void run();
  bool carry_out(const std::string& key, const std::string& value);

  Coordinator& coordinator_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool stopping_ = false;
  CancelToken cancel_;
  std::thread thread_;
};

}  // namespace tailrace::engine
