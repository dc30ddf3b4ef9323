// The running database as a whole: store, catalog, clusters, sources, sessions. One per process.
//
// Thread-safe. Opening brings everything back that the catalog knows; closing stops sources and
// clusters in order.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "repr/error.hpp"

namespace tailrace::engine {

// Where in AWS this installation makes the endpoints of PrivateLink connections.
struct AwsOptions {
  std::string vpc;                   // empty: there are no PrivateLink connections here
  std::vector<std::string> subnets;  // empty: any of the VPC
  std::vector<std::string> security_groups;
  std::string region;        // empty: as AWS's own tools find it
  std::string endpoint_url;  // empty: AWS's own
  // How often an endpoint that has settled is looked at; one that has not is looked at sooner.
  std::chrono::milliseconds check_interval{15000};
};

struct EnvironmentOptions {
  std::filesystem::path data_directory;
  std::filesystem::path
      secret_key_file;  // empty: secret.key in the data directory, made at first use
  std::filesystem::path
      new_secret_key_file;             // to encrypt secrets with from now on; empty: as before
  std::size_t memory_limit_bytes = 0;  // 0: no limit
  bool deferred_replicated_sync = false;
  bool sync = true;                           // false only where durability is not what is measured
  std::vector<std::string> egress_addresses;  // CIDR or plain addresses, for mz_egress_ips
  AwsOptions aws;
  // Host names that have these addresses, whatever DNS says; null: none.
  std::shared_ptr<const std::map<std::string, std::vector<std::string>>> known_hosts;
  std::string version = "0.1.0";
  std::function<void(std::string_view level, std::string_view message)> log;
};

class Environment {
 public:
  // Throws SqlError: data directory in use (55006), from a newer version (0A000), not readable
  // (58030).
  static std::unique_ptr<Environment> open(EnvironmentOptions options);
  virtual ~Environment();

  // What the protocols show and use.
  virtual const std::string& version() const = 0;
  virtual std::size_t session_count() const = 0;
  virtual std::size_t session_count_max() const = 0;
  // For /metrics: name, value, help; cheap.
  struct Metric {
    std::string name;
    std::string help;
    std::string labels;  // as in {source="u3"}; may be empty
    double value = 0;
    bool is_counter = false;
  };
  virtual std::vector<Metric> metrics() const = 0;
};

}  // namespace tailrace::engine
