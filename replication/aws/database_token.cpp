#include "replication/aws/database_token.hpp"

#include <fmt/format.h>

#include "replication/aws/signature.hpp"

namespace tailrace::replication::aws {

std::string database_token(const DatabaseUser& user, const std::string& region,
                           const Credentials& credentials,
                           std::chrono::system_clock::time_point now) {
  Request request;
  request.authority = fmt::format("{}:{}", user.host, user.port);
  request.query = {{"Action", "connect"}, {"DBUser", user.name}};
  presign(request, credentials, {.region = region, .service = "rds-db", .time = now},
          std::chrono::minutes(15));
  // Without its scheme, as the database wants it.
  return request.url().substr(std::string_view("https://").size());
}

}  // namespace tailrace::replication::aws
