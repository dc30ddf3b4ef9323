#include "engine/coordinator/aws/privatelink.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <set>

#include "engine/coordinator/aws/aws_context.hpp"
#include "engine/coordinator/options.hpp"
#include "replication/aws/ec2.hpp"

namespace tailrace::engine {

namespace {

using replication::aws::Subnet;

std::string random_token() {
  unsigned char bytes[16];
  ensure(RAND_bytes(bytes, sizeof bytes) == 1, "OpenSSL has random bytes");
  std::string token;
  for (const unsigned char byte : bytes) token += fmt::format("{:02x}", byte);
  return token;
}

std::string service_name(OptionReader& options) {
  const auto name = options.text("SERVICE NAME");
  if (!name) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   "invalid CONNECTION: SERVICE NAME option is required");
  }
  if (!name->starts_with("com.amazonaws.")) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   fmt::format("invalid AWS PrivateLink service name \"{}\"", *name))
        .hint(
            "It must be the name of a VPC endpoint service, such as "
            "com.amazonaws.vpce.us-east-1.vpce-svc-0e123abc123198abc; the AWS console shows it "
            "under VPC > Endpoint services.");
  }
  return *name;
}

std::vector<std::string> zones(OptionReader& options) {
  const ast::OptionValue* value = options.value("AVAILABILITY ZONES");
  if (value == nullptr) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   "invalid CONNECTION: AVAILABILITY ZONES option is required");
  }
  const auto* list = std::get_if<ast::OptionList>(&value->node);
  if (list == nullptr) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   "invalid AVAILABILITY ZONES: expected a list of text values");
  }
  std::vector<std::string> zones;
  for (const ast::OptionValue& element : list->values) {
    const auto* text = std::get_if<ast::StringLiteral>(&element.node);
    if (text == nullptr) {
      throw SqlError(sqlstate::invalid_parameter_value,
                     "invalid AVAILABILITY ZONES: expected a list of text values")
          .position(element.position);
    }
    if (!is_zone_id(text->value)) {
      throw SqlError(sqlstate::invalid_parameter_value,
                     fmt::format("invalid AWS PrivateLink availability zone \"{}\"", text->value))
          .hint("Write the zone's id, such as use1-az1, and not its name, such as us-east-1a.")
          .position(element.position);
    }
    if (std::find(zones.begin(), zones.end(), text->value) != zones.end()) {
      throw SqlError(sqlstate::invalid_parameter_value,
                     "connection cannot contain duplicate availability zones")
          .detail(fmt::format("Duplicate availability zone: {}.", text->value))
          .position(element.position);
    }
    zones.push_back(text->value);
  }
  return zones;
}

// One subnet for each zone that is wanted, or for each zone there is.
std::vector<Subnet> choose(std::vector<Subnet> subnets, const std::vector<std::string>& zones) {
  std::sort(subnets.begin(), subnets.end(),
            [](const Subnet& a, const Subnet& b) { return a.id < b.id; });
  std::vector<Subnet> chosen;
  std::set<std::string> supported;
  for (const Subnet& subnet : subnets) {
    const bool first = supported.insert(subnet.zone_id).second;
    const bool wanted =
        zones.empty() || std::find(zones.begin(), zones.end(), subnet.zone_id) != zones.end();
    if (first && wanted) chosen.push_back(subnet);
  }
  for (const std::string& zone : zones) {
    if (supported.contains(zone)) continue;
    throw SqlError(sqlstate::invalid_parameter_value,
                   fmt::format("invalid AWS PrivateLink availability zone \"{}\"", zone))
        .detail(fmt::format("Supported availability zones are: {}.", fmt::join(supported, ", ")));
  }
  if (chosen.empty()) {
    throw SqlError(sqlstate::object_not_in_prerequisite_state,
                   "there is no subnet to make the endpoint in")
        .hint("Check --aws-vpc and --aws-subnet.");
  }
  return chosen;
}

}  // namespace

bool is_zone_id(std::string_view text) {
  const std::size_t separator = text.rfind("-az");
  if (separator == std::string_view::npos || separator == 0) return false;
  const std::string_view number = text.substr(separator + 3);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_plain = [&](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-'; };
  return !number.empty() && std::all_of(number.begin(), number.end(), is_digit) &&
         std::all_of(text.begin(), text.end(), is_plain);
}

PrivateLinkPlan plan_privatelink(AwsContext& aws, const std::vector<ast::Option>& given,
                                 CancelToken& cancel) {
  OptionReader options(given, "AWS PRIVATELINK connections");
  PrivateLinkPlan plan;
  plan.record.service_name = service_name(options);
  const std::vector<std::string> wanted = zones(options);
  options.finish();
  aws.require_endpoints();
  plan.record.token = random_token();
  plan.record.region = aws.region(cancel);
  plan.record.vpc = aws.options().vpc;
  plan.record.security_groups = aws.options().security_groups;
  plan.principal = aws.principal(plan.record.region, cancel);
  const auto ec2 = aws.ec2(plan.record.region);
  for (const Subnet& subnet :
       choose(ec2.subnets(plan.record.vpc, aws.options().subnets, cancel), wanted)) {
    plan.record.subnets.push_back(subnet.id);
    plan.record.zones.emplace_back(subnet.zone_id, subnet.zone_name);
  }
  return plan;
}

}  // namespace tailrace::engine
