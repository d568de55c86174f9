"""Publishers' notices are cut from abstracts, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upwell.sources.notices import without_notice

A = "We show that alpha waves rise when a table is read. The effect lasts for 12 days."


@pytest.mark.parametrize(
    "notice",
    [
        "© 2020 Elsevier Ltd",
        "© 2020 Elsevier B.V. All rights reserved.",
        "©2010 IEEE.",
        "© 2021",
        "© ECMS.",
        "(C) 2017 Elsevier B.V. All,rights reserved.",
        "(c) 2006 Elsevier Inc. All rights reserved.",
        (
            "(C) 2015 Published by Elsevier B.V. This is an open access article under the CC BY-NC-ND "
            "license (http://creativecommons.org/licenses/by-nc-nd/4.0/)."
        ),
        (
            "(C) 2016, IFAC (International Federation of Automatic Control) Hosting by Elsevier Ltd. "
            "All rights reserved."
        ),
        "Copyright © 2013 Inderscience Enterprises Ltd.",
        "copyright © 2009 inderscience enterprises ltd.",
        (
            "Copyright: © 2022 Doe et al. This is an open access article distributed under the terms "
            "of the Creative Commons Attribution License, which permits unrestricted use, distribution, "
            "and reproduction in any medium, provided the original author and source are credited."
        ),
        "Copyright 2020 by the Society of Readers.",
        "© 2014 Elsevier Ltd.All rights reserved.",
        "© 2017, © 2017 Operational Research Society.",
        "© 2021 by the authors. Licensee MDPI, Basel, Switzerland.",
        (
            "© 2020, The Author(s), under exclusive licence to Springer-Verlag GmbH Germany, part of "
            "Springer Nature."
        ),
        (
            "© 2018 The Authors. International Transactions in Reading © 2018 International Federation "
            "of Reading Societies"
        ),
        "© N. Aouadi et al., Hosted by EDP Sciences 2020.",
        "© Published under licence by IOP Publishing Ltd.",
        "© 2019 Copyright is held by the owner/author(s). Publication rights licensed to ACM.",
        "Crown Copyright © 2010 Published by Elsevier Ltd. All rights reserved.",
        "Published by Elsevier B.V.",
        "All rights reserved.",
        "This article is protected by copyright. All rights reserved.",
        "(PsycINFO Database Record (c) 2016 APA, all rights reserved).",
        "(ABSTRACT TRUNCATED AT 250 WORDS)",
        "[Author Abstract]",
        (
            "[ABSTRACT FROM AUTHOR]; Copyright of Journal of Waves is the property of Waves Ltd. and its "
            "content may not be copied or emailed to multiple sites without the copyright holder's "
            "express written permission. However, users may print, download, or email articles for "
            "individual use. This abstract may be abridged. No warranty is given about the accuracy of "
            "the copy. Users should refer to the original published version of the material for the full "
            "abstract. (Copyright applies to all Abstracts.)"
        ),
        "Published under licence by IOP Publishing Ltd.",
        "© 2019, © 2019 Informa UK Limited, trading as Taylor & Francis Group.",
        "© 2020 Mary Ann Liebert, Inc., publishers.",
        "© Copyright © 2020 Doe, Li and van der Smith.",
        "(C) RSNA, 2018",
        "This journal is © The Royal Society of Chemistry 2012.",
        "© 2005 Wiley Periodicals, Inc. J Comput Chem 26: 1781–1802, 2005",
        "(C) 2012 American Institute of Physics. [http://dx.doi.org/10.1063/1.4711074]",
        "Published in 2014 by John Wiley & Sons, Ltd.",
        "Published 2014. This article is a U.S. Government work and is in the public domain in the USA.",
        "© 2021, This is a U.S. government work and not under copyright protection in the U.S.",
        "© 2019 Optical Society of America under the terms of the OSA Open Access Publishing Agreement",
        (
            "© The Author 2015. Published by Oxford University Press. All rights reserved. For "
            "Permissions, please email: journals.permissions@oup.com."
        ),
        (
            "Copyright © 2020 for this paper by its authors. Use permitted under Creative Commons License "
            "Attribution 4.0 International (CC BY 4.0)."
        ),
        (
            "© Author(s) (or their employer(s)) 2019. Re-use permitted under CC BY-NC. No commercial "
            "re-use. See rights and permissions. Published by BMJ."
        ),
        (
            "Copyright © 2019, Association for the Advancement of Artificial Intelligence "
            "(www.aaai.org). All rights reserved."
        ),
        "This is an open access article under the CC BY license (http://creativecommons.org/).",
    ],
)
def test_a_notice_at_the_end_is_cut(notice):
    assert without_notice(f"{A} {notice}") == A


@pytest.mark.parametrize(
    "notice",
    [
        "© 2017 IEEE. ",
        "© 2017 IEEE.",
        "© 2017 Elsevier B.V. All rights reserved. ",
        "Copyright © 2013 Doe et al. ",
    ],
)
def test_a_notice_at_the_start_is_cut(notice):
    assert without_notice(notice + A) == A


@pytest.mark.parametrize(
    "abstract",
    [
        A,
        "© 2020 IEEE.",
        "We ask two things: (a) what is read, (b) who reads, and (c) where they read.",
        "The model was made in Matlab©. Analyses of the results show that it holds.",
        "We compare it with Microsoft© Excel.",
        "The data, published by Madrid City Council, were used to see who reads at night.",
        "We used tables published by the City Council in 2018.",
        "Copyright law of 1976 is what we study. The authors of tables rarely know it.",
        "Models may be trained on works under copyright. We ask which, and what courts say in 2023.",
        (
            "Watermarks protect copyright holders. © 2019 data were compared. Our results show that "
            "they do."
        ),
        "All rights reserved to data subjects are listed. We find that 12 are unknown.",
        "We use Matlab©. All of the code is available under the CC BY license.",
        "This is an open access article under debate. It is read by everybody.",
        "All of this is an open access article under some definitions.",
        "Copyright of software is the property of its makers.",
        "Published in 2014 by Waves, the table has 12 rows.",
        f"{A} Published by Springer since 1990, the journal covers waves of all kinds.",
        f"{A} Published in 2014 by Waves, the table has 12 rows.",
        f"{A} © 2012 Waves. This journal is open to all kinds of tables.",
        "Waves are seen. Published 2014. It has 12 rows.",
        "The licence is that of an open access article. Published by authors for readers.",
        "Tables come (C) 2019 with a licence. We show that it is read by nobody at all.",
        "© 2000 Elsevier Ltd was the notice that we found in most of the tables which we read.",
    ],
)
def test_a_sentence_is_never_cut(abstract):
    assert without_notice(abstract) == abstract


def test_a_notice_between_sentences_stays_as_what_follows_may_belong_to_it():
    abstract = f"{A} (C) 2000 Elsevier Ltd. All rights reserved. Reading is what we study here."
    assert without_notice(abstract) == abstract


@given(st.text(alphabet="©(c)C 2019.AaBbyll rightsreservdPubhCopy,", max_size=300))
def test_what_is_left_is_part_of_what_was_there(text):
    assert without_notice(text) in text


def test_time_grows_with_the_length_only():
    for part in (
        "© 2019 ",
        "(c) 2019. ",
        "Published by A. ",
        "Copyright ",
        "©",
        ". A",
        "All rights ",
        "Copyright of x is the property of ",
        "This is an open access article under the ",
        "x@",
        "[Author abstract]",
    ):
        without_notice(part * (1_000_000 // len(part)))
