" JSON for the wire. Vim's own functions do not do alone: json_encode() writes six digits of a Float, and the members of a
" dictionary in no fixed order, so that an object that was read and is stored unchanged would be another text; json_decode()
" drops the character NUL.

let s:deepest = 90

" The text of a value. Throws what is not in JSON.
function! pluginvault#json#Encode(value, ...) abort
  let depth = get(a:000, 0, 1)
  if depth > s:deepest
    throw 'it contains itself, or is nested more than ' . s:deepest . ' times'
  elseif type(a:value) == v:t_dict
    let members = map(sort(keys(a:value)), {_, name -> json_encode(name) . ':' . pluginvault#json#Encode(a:value[name], depth + 1)})
    return '{' . join(members, ',') . '}'
  elseif type(a:value) == v:t_list
    return '[' . join(map(copy(a:value), {_, each -> pluginvault#json#Encode(each, depth + 1)}), ',') . ']'
  elseif type(a:value) == v:t_float
    return s:Float(a:value)
  elseif a:value is v:none || index([v:t_number, v:t_string, v:t_bool, v:t_none], type(a:value)) < 0
    throw 'JSON has no such value: ' . strtrans(string(type(a:value)))
  endif
  let text = json_encode(a:value)
  " Bytes that are not UTF-8 become other characters.
  if type(a:value) == v:t_string && a:value =~# '[^\x01-\x7f]' && json_decode(text) !=# a:value
    throw 'a text in it is not UTF-8, and JSON has no other texts'
  endif
  return text
endfunction

" The shortest text that is this number.
function! s:Float(value) abort
  if isnan(a:value) || isinf(a:value)
    throw 'a number in it is not finite'
  endif
  for digits in [15, 16, 17]
    " Without the zeros that it fills up with.
    let text = substitute(printf('%.' . digits . 'g', a:value), '\(\.\d\{-1,}\)0*\ze\%(e\|$\)', '\1', '')
    if str2float(text) == a:value
      break
    endif
  endfor
  return text
endfunction

" The value of a text: null is v:null. Throws if Vim can't hold the value.
function! pluginvault#json#Decode(text) abort
  " An odd number of backslashes before it.
  if stridx(a:text, '\u0000') >= 0 && a:text =~# '\%(^\|[^\\]\)\%(\\\\\)*\\u0000'
    throw 'a text in it has the character NUL'
  endif
  return json_decode(a:text)
endfunction
