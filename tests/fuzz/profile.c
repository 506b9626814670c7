/* Shared config files and commands of credential_process: any bytes. */
#include <stdlib.h>

#include "process.h"
#include "profile.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n);

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
	struct span text = {(const char *)data, n};
	char *command = mem_text(text);

	for (int i = 0; i < 2; i++) {
		enum profile_file file = i == 0 ? PROFILE_CONFIG : PROFILE_CREDENTIALS;
		struct profiles *p = profiles_new();
		size_t line;

		/* Whatever came before a wrong line can be asked for. */
		if (profiles_parse(p, file, text, &line) != NULL && line == 0)
			abort();
		profile_exists(p, "default");
		profile_get(p, "default", "region");
		profile_service(p, "local", "s3.endpoint_url");
		profiles_free(p);
	}
	process_words_free(process_words(command));
	free(command);
	return 0;
}
