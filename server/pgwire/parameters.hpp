// The parameters of a Bind message as values of the statement's types.
//
// Throws 08P01 for a wrong count, 22021 for text that is not UTF-8, 22023 for what does not denote
// a value of its type or has no binary format.
#pragma once

#include <string_view>
#include <vector>

#include "repr/type.hpp"
#include "repr/value.hpp"
#include "server/pgwire/frontend_message.hpp"

namespace tailrace::server {

std::vector<Value> decode_parameters(const frontend::Bind& bind, const std::vector<Type>& types);

}  // namespace tailrace::server
