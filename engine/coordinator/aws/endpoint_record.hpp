// What is remembered of one PrivateLink endpoint: a record beside the catalog, written in the commit that makes the
// connection and removed once AWS has no such endpoint any more. So an endpoint is never forgotten: a record whose
// connection is gone means that the endpoint must go.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/ids.hpp"
#include "storage/store.hpp"

namespace tailrace::engine {

// An endpoint that another one has taken the place of: it must go.
struct RetiredEndpoint {
  std::string token;
  std::string region;
  std::string endpoint_id;  // empty: not known
};

struct EndpointRecord {
  // Fixed when the connection is made.
  std::string token;  // random: the endpoint's tag, and part of what makes its creation idempotent
  std::string region;
  std::string vpc;
  std::string service_name;
  std::vector<std::string> subnets;
  std::vector<std::string> security_groups;
  std::vector<std::pair<std::string, std::string>> zones;  // id and name, of the subnets

  std::uint64_t generation = 1;  // grows when an endpoint that somebody else deleted is made again
  bool asked = false;            // AWS may have been asked to make this generation's endpoint
  std::string endpoint_id;       // empty: not known
  std::vector<std::string> dns_names;
  std::string status;  // the last that was written to the history; empty: none

  std::vector<RetiredEndpoint> retired;

  std::string client_token() const;
};

// vpce tags under which endpoints are found again.
inline constexpr const char* endpoint_tag = "tailrace-endpoint";

inline constexpr std::string_view endpoint_record_prefix = "endpoint/";
storage::RecordChange put_endpoint(catalog::ItemId connection, const EndpointRecord& record);
storage::RecordChange remove_endpoint(catalog::ItemId connection);
// Throws SqlError XX001.
EndpointRecord decode_endpoint(std::string_view bytes);

}  // namespace tailrace::engine
