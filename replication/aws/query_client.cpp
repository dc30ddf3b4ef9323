#include "replication/aws/query_client.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <pugixml.hpp>
#include <random>
#include <set>

#include "replication/aws/signature.hpp"

namespace tailrace::replication::aws {

namespace {

constexpr int attempts_max = 6;
constexpr std::chrono::milliseconds longest_pause{5000};

bool is_throttled(const AwsError& error) {
  static const std::set<std::string, std::less<>> codes{"Throttling",
                                                        "ThrottlingException",
                                                        "ThrottledException",
                                                        "RequestThrottled",
                                                        "RequestLimitExceeded",
                                                        "TooManyRequestsException",
                                                        "BandwidthLimitExceeded"};
  return error.http_status() == 429 || codes.contains(error.code());
}

bool can_pass(const AwsError& error) {
  return is_throttled(error) || error.http_status() >= 500 || error.code() == "RequestTimeout";
}

bool keys_expired(const AwsError& error) {
  return error.code() == "ExpiredToken" || error.code() == "ExpiredTokenException" ||
         error.code() == "RequestExpired";
}

void pause(std::chrono::milliseconds longest, CancelToken& cancel) {
  thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<std::int64_t> some(longest.count() / 4, longest.count());
  std::mutex mutex;
  std::condition_variable changed;
  const CancelToken::Registration wake(cancel, [&] { changed.notify_all(); });
  // Short pieces: a cancellation between the check and the wait would otherwise be overslept.
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(some(random));
  std::unique_lock lock(mutex);
  while (std::chrono::steady_clock::now() < end) {
    cancel.check();
    changed.wait_until(
        lock, std::min(end, std::chrono::steady_clock::now() + std::chrono::milliseconds(100)));
  }
}

}  // namespace

// <Response><Errors><Error><Code>, or <ErrorResponse><Error><Code>.
AwsError refusal(const std::string& action, const Reply& reply) {
  pugi::xml_document document;
  document.load_buffer(reply.body.data(), reply.body.size());
  const pugi::xml_node error =
      document.find_node([](pugi::xml_node node) { return node.name() == std::string("Error"); });
  std::string code = error.child_value("Code");
  std::string text = error.child_value("Message");
  if (code.empty()) code = fmt::format("HTTP {}", reply.status);
  return {action, std::move(code), text, reply.status};
}

std::string own_authority(const std::string& service, const std::string& region) {
  const std::string_view domain = region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return fmt::format("{}.{}.{}", service, region, domain);
}

AwsError::AwsError(std::string action, std::string code, const std::string& text, int http_status)
    : SqlError(sqlstate::connection_failure,
               text.empty() ? fmt::format("AWS refused {}: {}", action, code)
                            : fmt::format("AWS refused {}: {}: {}", action, code, text)),
      code_(std::move(code)),
      http_status_(http_status) {}

Reply QueryClient::attempt(const Service& service, const std::string& region,
                           const std::string& body, CredentialSource& credentials,
                           CancelToken& cancel) const {
  Request request;
  request.method = "POST";
  request.authority = own_authority(service.name, region);
  if (!options_.endpoint_url.empty())
    std::tie(request.scheme, request.authority) = split_endpoint(options_.endpoint_url);
  request.headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}};
  request.body = body;
  sign(request, credentials.get(cancel),
       {.region = region, .service = service.name, .time = std::chrono::system_clock::now()});
  return options_.send(request, {.external_only = options_.external_only}, cancel);
}

std::string QueryClient::call(const Service& service, const std::string& region,
                              const std::string& action, const Pairs& parameters,
                              CancelToken& cancel) const {
  return call(service, region, action, parameters, cancel, *options_.credentials);
}

std::string QueryClient::call(const Service& service, const std::string& region,
                              const std::string& action, const Pairs& parameters,
                              CancelToken& cancel, CredentialSource& credentials) const {
  Pairs form{{"Action", action}, {"Version", service.version}};
  form.insert(form.end(), parameters.begin(), parameters.end());
  const std::string body = form_encoded(form);
  std::chrono::milliseconds longest = options_.pause;
  bool renewed = false;
  for (int tried = 1;; ++tried) {
    try {
      Reply reply = attempt(service, region, body, credentials, cancel);
      if (reply.status == 200) return std::move(reply.body);
      const AwsError error = refusal(action, reply);
      if (keys_expired(error) && !renewed) {
        credentials.forget();
        renewed = true;
      } else if (!can_pass(error) || tried == attempts_max) {
        throw error;
      }
    } catch (const AwsError&) {
      throw;
    } catch (const SqlError& error) {
      cancel.check();
      if (error.state() != sqlstate::connection_failure || tried == attempts_max) throw;
    }
    pause(longest, cancel);
    longest = std::min(longest * 2, longest_pause);
  }
}

}  // namespace tailrace::replication::aws
