#include "daemon/messages.h"

const struct log_event messages[MESSAGE_COUNT] = {
#define X(name, id, level, sentence) [MESSAGE_##name] = { id, LOG_LEVEL_##level, sentence },
	MESSAGES(X)
#undef X
};
