// Logging in to an RDS database by IAM: a presigned request serves as the password for a quarter of an hour.
#pragma once

#include <chrono>
#include <string>

#include "replication/aws/credentials.hpp"

namespace tailrace::replication::aws {

struct DatabaseUser {
  std::string host;  // the database's own, whatever is dialled
  std::uint16_t port = 5432;
  std::string name;
};

std::string database_token(const DatabaseUser& user, const std::string& region,
                           const Credentials& credentials,
                           std::chrono::system_clock::time_point now);

}  // namespace tailrace::replication::aws
