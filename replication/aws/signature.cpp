#include "replication/aws/signature.hpp"

#include <fmt/chrono.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <map>

#include "repr/error.hpp"

namespace tailrace::replication::aws {

namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string sha256(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  ensure(EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha256(), nullptr) == 1,
         "OpenSSL has SHA-256");
  return {reinterpret_cast<const char*>(digest), length};
}

std::string hmac(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  const unsigned char* made =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &length);
  ensure(made != nullptr, "OpenSSL has HMAC-SHA-256");
  std::string result(reinterpret_cast<const char*>(digest), length);
  OPENSSL_cleanse(digest, sizeof digest);
  return result;
}

// Values without the blanks around them, and with one where there are several.
std::string squeezed(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t' || c == '\n';
    if (blank && (result.empty() || result.back() == ' ')) continue;
    result += blank ? ' ' : c;
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

// What all signatures are made over: the same text however the request was put together.
struct Canonical {
  std::string signed_headers;
  std::string text;
};

std::map<std::string, std::string> sorted_headers(const Request& request) {
  std::map<std::string, std::string> headers{{"host", lower(request.authority)}};
  for (const auto& [name, value] : request.headers) {
    const auto [known, fresh] = headers.try_emplace(lower(name), squeezed(value));
    if (!fresh) known->second += "," + squeezed(value);
  }
  return headers;
}

std::string signed_header_names(const std::map<std::string, std::string>& headers) {
  std::string names;
  for (const auto& [name, value] : headers) names += (names.empty() ? "" : ";") + name;
  return names;
}

Canonical canonical(const Request& request) {
  const auto headers = sorted_headers(request);
  Pairs query;
  for (const auto& [name, value] : request.query)
    query.emplace_back(percent_encoded(name), percent_encoded(value));
  std::sort(query.begin(), query.end());
  Canonical result{.signed_headers = signed_header_names(headers)};
  result.text = request.method + "\n" + percent_encoded(request.path, true) + "\n";
  for (std::size_t i = 0; i < query.size(); ++i)
    result.text += (i == 0 ? "" : "&") + query[i].first + "=" + query[i].second;
  result.text += "\n";
  for (const auto& [name, value] : headers) result.text += name + ":" + value + "\n";
  result.text += "\n" + result.signed_headers + "\n" + hex(sha256(request.body));
  return result;
}

std::string timestamp(const SigningScope& scope) {
  const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(scope.time);
  return fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(seconds));
}

std::string scope_text(const SigningScope& scope) {
  return fmt::format("{}/{}/{}/aws4_request", timestamp(scope).substr(0, 8), scope.region,
                     scope.service);
}

std::string signature(const Canonical& canonical, const Credentials& credentials,
                      const SigningScope& scope) {
  const std::string text = fmt::format("{}\n{}\n{}\n{}", algorithm, timestamp(scope),
                                       scope_text(scope), hex(sha256(canonical.text)));
  std::string key = "AWS4" + credentials.secret_access_key;
  const std::string date = timestamp(scope).substr(0, 8);
  for (const std::string_view part :
       {std::string_view(date), std::string_view(scope.region), std::string_view(scope.service),
        std::string_view("aws4_request")}) {
    std::string next = hmac(key, part);
    OPENSSL_cleanse(key.data(), key.size());
    key = std::move(next);
  }
  const std::string result = hex(hmac(key, text));
  OPENSSL_cleanse(key.data(), key.size());
  return result;
}

}  // namespace

void sign(Request& request, const Credentials& credentials, const SigningScope& scope) {
  request.headers.emplace_back("x-amz-date", timestamp(scope));
  if (!credentials.session_token.empty())
    request.headers.emplace_back("x-amz-security-token", credentials.session_token);
  const Canonical made = canonical(request);
  request.headers.emplace_back(
      "authorization", fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", algorithm,
                                   credentials.access_key_id, scope_text(scope),
                                   made.signed_headers, signature(made, credentials, scope)));
}

void presign(Request& request, const Credentials& credentials, const SigningScope& scope,
             std::chrono::seconds valid) {
  request.query.emplace_back("X-Amz-Algorithm", algorithm);
  request.query.emplace_back("X-Amz-Credential",
                             fmt::format("{}/{}", credentials.access_key_id, scope_text(scope)));
  request.query.emplace_back("X-Amz-Date", timestamp(scope));
  request.query.emplace_back("X-Amz-Expires", std::to_string(valid.count()));
  if (!credentials.session_token.empty())
    request.query.emplace_back("X-Amz-Security-Token", credentials.session_token);
  request.query.emplace_back("X-Amz-SignedHeaders", signed_header_names(sorted_headers(request)));
  request.query.emplace_back("X-Amz-Signature", signature(canonical(request), credentials, scope));
}

}  // namespace tailrace::replication::aws
