// Certificates and keys as PEM, looked at before they are needed.
#pragma once

#include <string>
#include <string_view>

namespace tailrace::engine {

// Throw 22023 naming the option, and nothing of the text, unless it holds at least one certificate; an unencrypted key.
void check_certificates(std::string_view option, const std::string& pem);
void check_private_key(std::string_view option, const std::string& pem);

}  // namespace tailrace::engine
