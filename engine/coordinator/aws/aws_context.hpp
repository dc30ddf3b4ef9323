// This installation in AWS: what the flags say of it, and a client with its own keys. Thread-safe.
//
// Nothing is sent before somebody asks for something that needs AWS.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "engine/coordinator/environment.hpp"
#include "replication/aws/ec2.hpp"
#include "replication/aws/sts.hpp"

namespace tailrace::engine {

class AwsContext {
 public:
  explicit AwsContext(AwsOptions options);

  const AwsOptions& options() const { return options_; }
  // Throws 0A000 that names the flags if endpoints cannot be made here.
  void require_endpoints() const;
  // Throws SqlError that names the flag if no region is known.
  std::string region(CancelToken& cancel);

  replication::aws::Ec2 ec2(const std::string& region) const { return {client_, region}; }
  // The ARN that others allow things to.
  std::string principal(const std::string& region, CancelToken& cancel) const;

  // Where a user wants AWS to be called; an empty URL: where this installation calls it.
  struct Endpoint {
    std::string url;
    bool external_only = false;
  };
  std::shared_ptr<const replication::aws::QueryClient> client(const Endpoint& endpoint) const;
  // Keys of a role, shared by all who ask for the same one.
  std::shared_ptr<replication::aws::CredentialSource> role(
      const Endpoint& endpoint, const std::string& region,
      const replication::aws::AssumedRole& role);

 private:
  AwsOptions options_;
  std::shared_ptr<replication::aws::CredentialSource> credentials_;
  std::shared_ptr<const replication::aws::QueryClient> client_;
  std::mutex mutex_;
  std::optional<std::string> region_;
  std::map<std::string, std::shared_ptr<replication::aws::CredentialSource>> roles_;
};

}  // namespace tailrace::engine
