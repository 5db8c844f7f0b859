#include "http/client_certificate.h"

#include <string.h>

/* As OpenSSL prints the extension, one line for each certificate. */
static const char extension[] = "X509v3 Subject Alternative Name:";

bool certificate_has_names(CURL *easy)
{
	struct curl_certinfo *chain = NULL;

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK)
		return false;
	if (!chain || chain->num_of_certs < 1)
		return true;
	for (const struct curl_slist *line = chain->certinfo[0]; line; line = line->next)
		if (strncmp(line->data, extension, strlen(extension)) == 0)
			return strstr(line->data, "DNS:") || strstr(line->data, "IP Address:");
	return false;
}
