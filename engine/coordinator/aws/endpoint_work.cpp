#include "engine/coordinator/aws/endpoint_work.hpp"

#include <algorithm>
#include <array>

namespace tailrace::engine {

namespace aws = replication::aws;

namespace {

std::string bare(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c >= 'A' && c <= 'Z') result += static_cast<char>(c - 'A' + 'a');
    if (c >= 'a' && c <= 'z') result += c;
  }
  return result;
}

bool is_gone(const aws::VpcEndpoint& endpoint) {
  return endpoint_status(endpoint.state) == "deleted";
}

bool is_going(const aws::VpcEndpoint& endpoint) {
  return endpoint_status(endpoint.state) == "deleting";
}

// The service does not exist for us: not allowed yet, or its name or region is wrong.
bool says_no_service(const aws::AwsError& error) {
  return error.code() == "InvalidServiceName" || error.code() == "InvalidServiceName.NotFound";
}

// A refusal that stands until somebody changes something, as opposed to AWS having a bad time.
bool stands(const aws::AwsError& error) {
  return error.http_status() < 500 && error.http_status() != 429 &&
         error.code().find("Throttl") == std::string::npos &&
         error.code() != "RequestLimitExceeded" && error.code() != "IdempotentParameterMismatch";
}

}  // namespace

std::string_view endpoint_status(const std::string& state) {
  static constexpr std::array<std::string_view, 8> known{
      "available", "deleted", "deleting",           "expired",
      "failed",    "pending", "pending-acceptance", "rejected"};
  const std::string wanted = bare(state);
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](std::string_view status) { return bare(status) == wanted; });
  return found == known.end() ? "unknown" : *found;
}

std::string_view endpoint_hint(std::string_view status) {
  if (status == "pending-service-discovery") {
    return "Allow the connection's principal (mz_aws_privatelink_connections) to use the endpoint "
           "service, and check the service's name and region.";
  }
  if (status == "pending-acceptance")
    return "The owner of the endpoint service must accept the connection request.";
  if (status == "rejected")
    return "The owner of the endpoint service rejected the connection request and can still "
           "accept it.";
  if (status == "expired")
    return "Nobody accepted the connection request in time: drop the connection and create it "
           "again.";
  if (status == "failed")
    return "Check the availability zones, the permissions and the quotas in AWS; then drop the "
           "connection and create it again.";
  if (status == "pending" || status == "creating-endpoint" || status == "recreating-endpoint")
    return "AWS is making the endpoint, which takes some minutes.";
  return "";
}

void EndpointWork::note(EndpointRecord& record, std::string_view status) {
  const bool changed = record.status != status;
  record.status = status;
  save_(record, changed);
}

void EndpointWork::note(EndpointRecord& record, const aws::VpcEndpoint& endpoint) {
  const std::string_view status = endpoint_status(endpoint.state);
  const bool same_names = endpoint.dns_names.empty() || endpoint.dns_names == record.dns_names;
  if (record.endpoint_id == endpoint.id && same_names && record.status == status) return;
  record.endpoint_id = endpoint.id;
  if (!endpoint.dns_names.empty()) record.dns_names = endpoint.dns_names;
  note(record, status);
}

// The endpoint of the record, also one whose creation was never answered. One that is gone is not returned.
std::optional<aws::VpcEndpoint> EndpointWork::find(const EndpointRecord& record) {
  seen_ = false;
  if (!record.endpoint_id.empty()) {
    auto known = ec2_.endpoint(record.endpoint_id, cancel_);
    seen_ = known.has_value();
    if (known && !is_gone(*known)) return known;
  }
  if (!record.asked) return std::nullopt;
  std::optional<aws::VpcEndpoint> found;
  for (auto& endpoint : ec2_.endpoints_tagged(endpoint_tag, record.token, cancel_)) {
    seen_ = true;
    if (is_gone(endpoint)) continue;
    if (!found || is_going(*found)) found = std::move(endpoint);
  }
  return found;
}

void EndpointWork::create(EndpointRecord& record) {
  // From here on an endpoint may exist: known before AWS is asked, so that a crash loses nothing.
  record.asked = true;
  const bool refused_before =
      record.status == "pending-service-discovery" || record.status == "failed";
  note(record, refused_before           ? record.status
               : record.generation == 1 ? "creating-endpoint"
                                        : "recreating-endpoint");
  try {
    const aws::VpcEndpoint made =
        ec2_.create_endpoint({.vpc = record.vpc,
                              .service_name = record.service_name,
                              .subnets = record.subnets,
                              .security_groups = record.security_groups,
                              .client_token = record.client_token(),
                              .tags = {{endpoint_tag, record.token}, {"Name", "tailrace"}}},
                             cancel_);
    seen_ = true;
    note(record, made);
  } catch (const aws::AwsError& error) {
    if (stands(error)) {
      // The token would have brought an endpoint to light if an earlier try had made one.
      record.asked = false;
      note(record, says_no_service(error) ? "pending-service-discovery" : "failed");
    }
    throw;
  }
}

void EndpointWork::keep(EndpointRecord& record, Unseen unseen) {
  if (const auto found = find(record)) {
    note(record, *found);
    return;
  }
  if (!record.endpoint_id.empty()) {
    if (!seen_ && unseen == Unseen::may_appear) return;
    // It was there and somebody deleted it. Another one needs another token.
    record.endpoint_id.clear();
    record.dns_names.clear();
    record.asked = false;
    ++record.generation;
    note(record, "deleted");
  }
  create(record);
}

bool EndpointWork::remove(EndpointRecord& record, Unseen unseen) {
  const auto found = find(record);
  if (found) {
    record.endpoint_id = found->id;
    if (!is_going(*found)) ec2_.delete_endpoint(found->id, cancel_);
    note(record, "deleting");
    return false;
  }
  const bool was_deleted = seen_ || record.status == "deleting";
  if (record.asked && !was_deleted && unseen == Unseen::may_appear) {
    if (!record.endpoint_id.empty()) ec2_.delete_endpoint(record.endpoint_id, cancel_);
    return false;
  }
  return true;
}

}  // namespace tailrace::engine
