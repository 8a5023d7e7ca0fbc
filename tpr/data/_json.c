/* JSON as annotations and results have it, several times as fast as Python's json.

Optional, and for what is plain only: ASCII text without \\u, whole numbers of up to 18 digits,
no key twice. For anything else, broken or not, loads() returns NotImplemented, and
tpr/data/json_input.py reads it with Python's json, or says what is wrong. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#define DEEPEST 64
#define DIGITS 18
#define KEYS 64

typedef struct {
    const char *at, *end; /* *end is 0 */
    int depth;
    PyObject *keys[KEYS]; /* those seen last, so that equal keys are one object */
} Text;

/* NULL without an exception says that the text is not plain. */
static PyObject *value(Text *text);

static char next(Text *text) {
    while (*text->at == ' ' || *text->at == '\n' || *text->at == '\r' || *text->at == '\t')
        text->at++;
    return *text->at;
}

/* Moves on if the next character is this one. */
static int take(Text *text, char wanted) {
    if (next(text) != wanted) return 0;
    text->at++;
    return 1;
}

/* The characters up to the closing quote; moves behind it. Their number, -1 if they are not plain. */
static Py_ssize_t characters(Text *text, const char **begin, Py_ssize_t *escapes) {
    const char *at = *begin = text->at, *quote = memchr(at, '"', text->end - at), *escape;
    uint8_t odd = 0;
    *escapes = 0;
    while (quote != NULL && (escape = memchr(at, '\\', quote - at)) != NULL) {
        ++*escapes;
        at = escape + 2;
        if (at > quote) quote = memchr(at, '"', text->end - at); /* that one was escaped */
    }
    if (quote == NULL) return -1;
    Py_ssize_t length = quote - *begin;
    for (Py_ssize_t i = 0; i < length; i++) odd |= (int8_t)(*begin)[i] < 32; /* or above 127 */
    text->at = quote + 1;
    return odd ? -1 : length;
}

/* What a backslash and this character mean; 0 for code points. */
static char escaped(char c) {
    switch (c) {
    case '"': case '\\': case '/': return c;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
    }
}

/* RLE strings have backslashes, but few. */
static PyObject *string(Text *text) {
    const char *at, *escape;
    Py_ssize_t escapes, length = characters(text, &at, &escapes);
    if (length < 0) return NULL;
    const char *end = at + length;
    PyObject *found = PyUnicode_New(length - escapes, 127);
    if (found == NULL) return NULL;
    char *out = PyUnicode_DATA(found);
    while (escapes-- > 0 && (escape = memchr(at, '\\', end - at)) != NULL) {
        memcpy(out, at, escape - at);
        out += escape - at;
        at = escape + 2;
        if ((*out++ = escaped(escape[1])) == 0) {
            Py_DECREF(found);
            return NULL;
        }
    }
    memcpy(out, at, end - at);
    return found;
}

/* A new reference, as everywhere here. */
static PyObject *key(Text *text) {
    const char *begin;
    Py_ssize_t escapes, length = characters(text, &begin, &escapes);
    if (length <= 0 || escapes > 0) return NULL;
    PyObject **known = &text->keys[(length * 7 + begin[0] + begin[length - 1]) % KEYS];
    if (*known == NULL || PyUnicode_GET_LENGTH(*known) != length ||
        memcmp(PyUnicode_DATA(*known), begin, length) != 0) {
        PyObject *found = PyUnicode_FromStringAndSize(begin, length);
        if (found == NULL) return NULL;
        Py_XSETREF(*known, found);
    }
    return Py_NewRef(*known);
}

static int is_digit(char c) { return c >= '0' && c <= '9'; }

static PyObject *number(Text *text) {
    const char *begin = text->at, *c = begin;
    int64_t whole = 0;
    int negative = *c == '-';
    c += negative;
    const char *digits = c;
    if (!is_digit(*c)) return NULL;
    while (is_digit(*c) && c - digits <= DIGITS) whole = 10 * whole + (*c++ - '0');
    if (c - digits > DIGITS || (*digits == '0' && c - digits > 1)) return NULL;
    if (*c != '.' && *c != 'e' && *c != 'E') {
        text->at = c;
        return PyLong_FromLongLong(negative ? -whole : whole);
    }
    if (*c == '.') {
        if (!is_digit(*++c)) return NULL;
        while (is_digit(*c)) c++;
    }
    if (*c == 'e' || *c == 'E') {
        c++;
        c += *c == '+' || *c == '-';
        if (!is_digit(*c)) return NULL;
        while (is_digit(*c)) c++;
    }
    char *stop;
    double real = PyOS_string_to_double(begin, &stop, NULL);
    if (stop != c) return NULL;
    text->at = c;
    return PyFloat_FromDouble(real);
}

static PyObject *list(Text *text) {
    PyObject *found = PyList_New(0), *one;
    if (found == NULL || take(text, ']')) return found;
    do {
        if ((one = value(text)) == NULL) goto failed;
        int status = PyList_Append(found, one);
        Py_DECREF(one);
        if (status < 0) goto failed;
    } while (take(text, ','));
    if (take(text, ']')) return found;
failed:
    Py_DECREF(found);
    return NULL;
}

static PyObject *object(Text *text) {
    PyObject *found = PyDict_New(), *name, *one;
    Py_ssize_t number = 0;
    if (found == NULL || take(text, '}')) return found;
    do {
        if (!take(text, '"') || (name = key(text)) == NULL) goto failed;
        one = take(text, ':') ? value(text) : NULL;
        int status = one == NULL ? -1 : PyDict_SetItem(found, name, one);
        Py_DECREF(name);
        Py_XDECREF(one);
        if (status < 0 || PyDict_GET_SIZE(found) != ++number) goto failed; /* a key twice */
    } while (take(text, ','));
    if (take(text, '}')) return found;
failed:
    Py_DECREF(found);
    return NULL;
}

static PyObject *word(Text *text, const char *wanted, PyObject *meaning) {
    size_t length = strlen(wanted);
    if (strncmp(text->at, wanted, length) != 0) return NULL;
    text->at += length;
    return Py_NewRef(meaning);
}

static PyObject *value(Text *text) {
    PyObject *found = NULL;
    switch (next(text)) {
    case '"': text->at++; return string(text);
    case 'n': return word(text, "null", Py_None);
    case 't': return word(text, "true", Py_True);
    case 'f': return word(text, "false", Py_False);
    case '[':
    case '{':
        if (text->depth == DEEPEST) return NULL;
        text->depth++;
        found = *text->at++ == '[' ? list(text) : object(text);
        text->depth--;
        return found;
    default: return number(text);
    }
}

static PyObject *loads(PyObject *module, PyObject *data) {
    if (!PyBytes_CheckExact(data)) return PyErr_Format(PyExc_TypeError, "loads() takes bytes");
    Text text = {PyBytes_AS_STRING(data), PyBytes_AS_STRING(data) + PyBytes_GET_SIZE(data), 0, {0}};
    PyObject *found = value(&text);
    if (found != NULL && (next(&text), text.at != text.end)) Py_CLEAR(found); /* more follows */
    for (int i = 0; i < KEYS; i++) Py_XDECREF(text.keys[i]);
    if (found != NULL || PyErr_Occurred()) return found;
    return Py_NewRef(Py_NotImplemented);
}

static PyMethodDef methods[] = {
    {"loads", loads, METH_O, "What JSON text, as bytes, says; NotImplemented if it is not plain."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_json", NULL, -1, methods,
                                        NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__json(void) { return PyModule_Create(&definition); }
