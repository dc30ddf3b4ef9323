#include "engine/coordinator/aws/aws_context.hpp"

namespace tailrace::engine {

namespace aws = replication::aws;

namespace {

std::shared_ptr<const aws::QueryClient> make_client(
    const AwsContext::Endpoint& endpoint, std::shared_ptr<aws::CredentialSource> credentials) {
  aws::ClientOptions options;
  options.endpoint_url = endpoint.url;
  options.external_only = endpoint.external_only;
  options.credentials = std::move(credentials);
  return std::make_shared<const aws::QueryClient>(std::move(options));
}

}  // namespace

AwsContext::AwsContext(AwsOptions options)
    : options_(std::move(options)),
      credentials_(aws::default_credentials(aws::process_variables(), aws::send_http,
                                            options_.endpoint_url)),
      client_(make_client({.url = options_.endpoint_url}, credentials_)) {
  if (!options_.endpoint_url.empty()) aws::split_endpoint(options_.endpoint_url);  // or throws
}

void AwsContext::require_endpoints() const {
  if (!options_.vpc.empty()) return;
  throw SqlError(sqlstate::feature_not_supported, "AWS PrivateLink connections are not supported")
      .detail("The server was started without a VPC to make endpoints in.")
      .hint(
          "Start it with --aws-vpc, and as needed with --aws-subnet, --aws-security-group and "
          "--aws-region, and give it AWS credentials.");
}

std::string AwsContext::region(CancelToken& cancel) {
  if (!options_.region.empty()) return options_.region;
  std::lock_guard lock(mutex_);
  if (!region_) region_ = aws::default_region(aws::process_variables(), aws::send_http, cancel);
  if (region_) return *region_;
  throw SqlError(sqlstate::invalid_parameter_value, "no AWS region is known")
      .hint("Start the server with --aws-region, or with AWS_REGION in its environment.");
}

std::string AwsContext::principal(const std::string& region, CancelToken& cancel) const {
  return aws::caller_principal(*client_, region, cancel);
}

std::shared_ptr<const aws::QueryClient> AwsContext::client(const Endpoint& endpoint) const {
  return endpoint.url.empty() ? client_ : make_client(endpoint, credentials_);
}

std::shared_ptr<aws::CredentialSource> AwsContext::role(const Endpoint& endpoint,
                                                        const std::string& region,
                                                        const aws::AssumedRole& role) {
  const std::string key = endpoint.url + (endpoint.external_only ? "\nexternal\n" : "\n\n") +
                          region + '\n' + role.arn + '\n' + role.session_name + '\n' +
                          role.external_id;
  std::lock_guard lock(mutex_);
  auto& known = roles_[key];
  if (!known) known = aws::assume_role(client(endpoint), region, role);
  return known;
}

}  // namespace tailrace::engine
