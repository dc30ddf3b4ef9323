// CREATE CONNECTION ... TO AWS PRIVATELINK: its options, checked against what AWS has.
#pragma once

#include <string>
#include <vector>

#include "catalog/object.hpp"
#include "engine/coordinator/aws/endpoint_record.hpp"
#include "repr/cancel.hpp"

namespace tailrace::engine {

class AwsContext;

struct PrivateLinkPlan {
  std::string principal;  // whom the endpoint service must allow
  EndpointRecord record;  // to go into the connection's commit
};

// Throws the dialect's errors, 0A000 where this installation has no AWS, and what AWS refuses.
PrivateLinkPlan plan_privatelink(AwsContext& aws, const std::vector<ast::Option>& options,
                                 CancelToken& cancel);

// `prefix`-az`n`: zones have names as well, but those mean another zone in every account.
bool is_zone_id(std::string_view text);

}  // namespace tailrace::engine
