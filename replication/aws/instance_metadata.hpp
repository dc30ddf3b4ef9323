// What an EC2 instance can ask about itself (the instance metadata service, version 2 only).
#pragma once

#include <optional>
#include <string>

#include "replication/aws/credentials.hpp"

namespace tailrace::replication::aws {

class InstanceMetadata {
 public:
  // AWS_EC2_METADATA_SERVICE_ENDPOINT says where it is, AWS_EC2_METADATA_DISABLED=true that nobody must ask.
  InstanceMetadata(const Variables& variables, SendRequest send);

  // Keys of the instance's role; nullopt: there is no such service, or the instance has no role. Throws SqlError for
  // replies that make no sense.
  std::optional<Credentials> role_credentials(CancelToken& cancel) const;
  std::optional<std::string> region(CancelToken& cancel) const;

 private:
  std::optional<std::string> get(const std::string& path, CancelToken& cancel) const;

  std::string endpoint_;
  bool disabled_ = false;
  SendRequest send_;
};

// The service's JSON as credentials. Throws SqlError XX001 without quoting it.
Credentials parse_role_credentials(const std::string& json);
// The same of a container's agent, whose JSON has no code.
Credentials parse_container_credentials(const std::string& json);

}  // namespace tailrace::replication::aws
