// Keys of an ECS task or an EKS pod, from the agent that its environment names.
#pragma once

#include <optional>

#include "replication/aws/credentials.hpp"

namespace tailrace::replication::aws {

// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI, with AWS_CONTAINER_AUTHORIZATION_TOKEN(_FILE). nullopt: neither
// is set. Throws SqlError if the agent gives no keys, or if the URI would send the authorization to another machine in
// clear.
std::optional<Credentials> container_credentials(const Variables& variables,
                                                 const SendRequest& send, CancelToken& cancel);

}  // namespace tailrace::replication::aws
